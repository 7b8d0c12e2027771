"""A Ray cluster of two nodes on this machine, in a process of its own.

Prints its address, then obeys lines of standard input: ``kill`` kills the second node, the end stops all.
"""

import os
import sys


def main():
    # read by Ray when it is imported: only the loopback interface, only with the token of the environment
    os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "num_gpus": 1}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    second = cluster.add_node(**node)
    sys.stdout.write(f"{cluster.address}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "kill":
            cluster.remove_node(second, allow_graceful=False)
    cluster.shutdown()


if __name__ == "__main__":  # pytest imports every file for its doctests
    main()
