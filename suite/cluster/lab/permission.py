"""How a process gets the permission to make network namespaces."""

import os
import shutil
import subprocess
import sys
from functools import cache

from suite.errors import UserError

_REMEDY = "or choose cluster.network=paced, whose record says so"
# Root only needs a namespace. Other users become root of a user namespace, with power over what they make in it only.
_AS_ROOT = ["unshare", "--net"]
_AS_USER = ["unshare", "--user", "--map-root-user", "--net"]
_ADMIN_FOLDERS = "/usr/sbin:/sbin"  # tc is there; the search path of an ordinary user lacks them


@cache
def entry() -> tuple[str, ...]:
    """The prefix that lets a command make network namespaces and links.

    Raises:
        UserError: in one line, what is missing and the remedy.
    """
    path = f"{os.environ.get('PATH', os.defpath)}:{_ADMIN_FOLDERS}"
    missing = [program for program in ("ip", "tc", "unshare") if shutil.which(program, path=path) is None]
    if missing:
        raise UserError(f"cluster.network: lab needs {', '.join(missing)}; install iproute2 and util-linux, {_REMEDY}")
    ways = [_AS_ROOT, _AS_USER] if os.geteuid() == 0 else [_AS_USER]
    refusals = []
    for way in ways:
        way = ["env", f"PATH={path}", *way]
        trial = [*way, "ip", "link", "add", "name", "trial", "type", "veth"]
        done = subprocess.run(trial, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return tuple(way)
        refusals.append(" ".join(done.stderr.split()))
    raise UserError(
        f"cluster.network: lab may not make network namespaces ({refusals[-1]}); run as root, allow unprivileged user "
        f"namespaces, {_REMEDY}"
    )


def available() -> bool:
    """Whether a lab can be made here; if not, prints the reason."""
    try:
        entry()
    except UserError as error:
        print(f"no lab: {error}", file=sys.stderr)
        return False
    return True


def needs_user_namespace() -> bool:
    """Whether labs made here live in a user namespace of their own."""
    return "--user" in entry()
