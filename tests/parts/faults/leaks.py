"""Destinations of everything a traced run let out; whatever is not listed here is a leak.

    calls (trace.py) ──where to──► files, broker, pulseaudio ──what──► Outlets; faults: one line each

The lists say what is allowed, not what is forbidden: an unknown system call, file or address is a fault.
test_privacy.py checks the contents.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts.faults.trace import Call, Traced, descriptors

# Calls that let nothing out of the process: memory, threads, time, queries about files, input.
_INWARD = """
    accept access arch_prctl brk capget chdir clock_getres clock_gettime clock_nanosleep clone clone3 close close_range
    dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 exit exit_group
    faccessat faccessat2 fadvise64 fallocate fcntl fdatasync flock fork fstat fstatfs fsync futex_waitv get_mempolicy
    get_robust_list getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgrp
    getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt gettid
    gettimeofday getuid getxattr inotify_add_watch inotify_init1 kill lseek lstat madvise mbind membarrier mincore
    mlock mlock2 mprotect mremap msync munlock munmap nanosleep newfstatat pause pipe pipe2 poll ppoll prctl
    prlimit64 pselect6 readlink readlinkat recvfrom recvmmsg recvmsg restart_syscall rseq rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_setaffinity sched_setparam
    sched_setscheduler sched_yield select set_mempolicy set_robust_list set_tid_address setitimer setpgid setpriority
    setrlimit setsid setsockopt shutdown sigaltstack socket stat statfs statx sysinfo tgkill time times umask uname
    vfork wait4 waitid
"""
# Calls that change a name or file metadata; they carry no content, but a name could.
_NAMING = """
    chmod chown fchmod fchmodat fchown fchownat ftruncate futimesat link linkat mkdir mkdirat rename renameat
    renameat2 rmdir symlink symlinkat truncate unlink unlinkat utime utimensat utimes
"""
_HARMLESS, _NAMES = frozenset(_INWARD.split()), frozenset(_NAMING.split())
_WRITES = frozenset({"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg"})
_OPENS = frozenset({"open", "openat", "openat2", "creat"})
# Calls whose effect is their result: one that the end of the process cut off has none.
_WITH_RESULT = _HARMLESS | _OPENS | {"memfd_create", "recvmsg", "recvfrom", "accept4", "socketpair"}
_TO_WRITE = re.compile(r"\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND)\b")
_IOCTLS = frozenset({"TCGETS", "TIOCGWINSZ", "FIONBIO", "FIONREAD", "FIOCLEX", "FIONCLEX"})
_CHILDREN = frozenset({"/sbin/ldconfig"})  # Python uses it to find libportaudio
_SOCKET = re.compile(r"(TCP|UDP|UNIX|NETLINK|RAW|PACKET)")
_INET = re.compile(r'htons\((\d+)\), sin_addr=inet_addr\("([^"]*)"\)')

# Files that may receive anything as far as this module is concerned; their contents are checked elsewhere.
STATE = r"/(outbox\.sqlite3(-journal)?|outbox\.lock|(baseline|commands)\.json(\.new)?)"
_NOWHERE = (
    r"/dev/null",
    r".*/__pycache__(/[\w.-]+\.pyc(\.\d+)?)?",  # Python's compiled code, if not cached yet
    # PortAudio asks JACK, which creates an empty list of its clients' properties.
    r"/dev/shm/jack_db-\d+(/[\w.]+)?",  # noqa: S108 -- a pattern
    r"/memfd:pulseaudio",  # libpulse's memory pool; handing it over to another process is a fault, see below
)
# Sockets of servers that PortAudio and glibc try and that do not run.
_ABSENT = (r"/dev/shm/jack_default_\d+_0", r"/(var/)?run/nscd/socket")  # noqa: S108 -- a pattern


@dataclass(slots=True)
class Allowed:
    """Where a run may send and write."""

    broker: tuple[str, int] | None = None
    pulse: Path | None = None
    state: Path | None = None
    log: Path | None = None


@dataclass(slots=True)
class Outlets:
    """Everything that left the program, by destination, and the faults."""

    faults: list[str] = field(default_factory=list)
    broker: dict[int, list[tuple[float, bytes]]] = field(default_factory=lambda: defaultdict(list))  # by connection
    pulse: dict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))  # by connection
    files: dict[str, list[tuple[float, bytes]]] = field(default_factory=lambda: defaultdict(list))  # by path
    recorded: bytearray = field(default_factory=bytearray)  # received from pulseaudio
    recorded_at_s: list[float] = field(default_factory=list)  # times of reception


def outlets(calls: Iterable[Call], allowed: Allowed) -> Outlets:
    """Everything that left the traced program."""
    reader = _Reader(allowed)
    for call in calls:
        reader.take(call)
    return reader.outlets


def outlets_of(folder: Path, command: list[str | Path], allowed: Allowed) -> tuple[Outlets, str]:
    """Outlets and log (stdout included) of a command that must succeed."""
    with Traced(command, folder, {**os.environ}) as traced:
        assert traced.exit_status(120) == 0, traced.output()
        allowed.log = traced.log
        return outlets(traced.calls(), allowed), traced.output()


class _Reader:
    """Tracks the file descriptors of one run."""

    def __init__(self, allowed: Allowed) -> None:
        self.outlets = Outlets()
        self._allowed = allowed
        self._patterns = list(_NOWHERE)
        if allowed.state is not None:
            self._patterns += [re.escape(str(allowed.state)) + STATE, re.escape(str(allowed.state))]
        if allowed.log is not None:
            self._patterns.append(re.escape(str(allowed.log)))
        self._started = False
        self._internal: set[str] = set()  # pipes and socket pairs with both ends within the program
        self._internal_ports: set[int] = set()
        self._connected: dict[int, tuple[str, int]] = {}  # TCP, by descriptor
        self._pulse: set[str] = set()  # sockets, by their first inode
        self._n_connections = 0
        self._broker: dict[int, int] = {}  # descriptor to connection number

    def take(self, call: Call) -> None:  # noqa: C901, PLR0912 -- one branch per kind of call
        if call.name == "connect":
            self._connect(call)
        elif call.failed or (call.unfinished and call.name in _WITH_RESULT):
            return
        elif call.name in {"recvmsg", "recvfrom"}:
            self._receive(call)
        elif call.name in _HARMLESS:
            self._follow(call)
        elif call.name in _WRITES:
            self._write(call)
        elif call.name in _OPENS:
            if call.name == "creat" or _TO_WRITE.search(call.arguments):
                (_, target), *_ = descriptors(call.result)
                self._file(call, target)
        elif call.name == "mmap":
            if re.search(r"PROT_WRITE.*MAP_SHARED", call.arguments) and "MAP_ANONYMOUS" not in call.arguments:
                self._file(call, call.descriptor[1])
        elif call.name == "memfd_create":
            self._file(call, descriptors(call.result)[0][1])
        elif call.name in _NAMES:
            named = [string.decode() for string in call.strings if string] or [call.descriptor[1]]
            for name in named:
                self._file(call, name)
        elif call.name in {"bind", "listen", "accept4", "socketpair"}:
            self._open_internal(call)
        elif call.name == "ioctl":
            request = call.arguments.split(", ")[1]
            if request not in _IOCTLS:
                self._fault(call, f"the request {request}")
        elif call.name == "execve":
            program = call.strings[0].decode()
            if self._started and program not in _CHILDREN:
                self._fault(call, f"the program {program}")
            self._started = True
        else:
            self._fault(call, "an unknown call")

    def _fault(self, call: Call, what: str) -> None:
        fault = f"{call.name}: {what}"
        if fault not in self.outlets.faults:
            self.outlets.faults.append(fault)

    def _file(self, call: Call, target: str) -> None:
        if not any(re.fullmatch(pattern, target) for pattern in self._patterns):
            self._fault(call, f"the file {target}")

    def _follow(self, call: Call) -> None:
        if call.name in {"pipe", "pipe2"}:
            self._internal.update(target for _, target in descriptors(call.arguments))
        elif call.name == "close" and _SOCKET.match(call.descriptor[1]):
            self._connected.pop(call.descriptor[0], None)
            self._broker.pop(call.descriptor[0], None)

    def _open_internal(self, call: Call) -> None:
        """A socket pair, or a loopback port that one thread uses to wake another."""
        if call.name == "socketpair":
            self._internal.update(target for _, target in descriptors(call.arguments))
        elif call.name == "accept4":
            self._internal.add(descriptors(call.result)[0][1])
        elif call.name == "listen":
            match = re.fullmatch(r"TCP:\[127\.0\.0\.1:(\d+)\]", call.descriptor[1])
            if match is None:
                self._fault(call, call.descriptor[1])
            else:
                self._internal_ports.add(int(match[1]))

    def _connect(self, call: Call) -> None:
        number, target = call.descriptor
        address = next(iter(call.strings), b"").decode(errors="replace")
        if "AF_UNIX" in call.arguments:
            if address == str(self._allowed.pulse):
                self._pulse.add(_inode(target))
            elif not (call.failed and any(re.fullmatch(pattern, address) for pattern in _ABSENT)):
                self._fault(call, f"the socket {address}")
            return
        match = re.search(r"htons\((\d+)\)", call.arguments)
        there = (address, int(match[1]) if match else 0)
        if there == self._allowed.broker:
            self._n_connections += 1
            self._broker[number] = self._n_connections
        elif there[0] != "127.0.0.1" or there[1] not in self._internal_ports:
            self._fault(call, f"the address {there[0]}:{there[1]}")
        self._connected[number] = there

    def _write(self, call: Call) -> None:
        number, target = call.descriptor
        content = b"".join(call.strings[:1] if call.name == "sendto" else call.strings)
        if not call.unfinished:  # else all of it may have gone
            content = content[: int(call.result.split()[0])]
        if "SCM_RIGHTS" in call.arguments:
            self._fault(call, f"a descriptor is handed over to {target}")
        if target in self._internal or target.startswith("anon_inode:[eventfd"):
            return
        if not _SOCKET.match(target):
            self._file(call, target)
            self.outlets.files[target].append((call.utc_s, content))
        elif number in self._broker:
            self.outlets.broker[self._broker[number]].append((call.utc_s, content))
        elif _inode(target) in self._pulse:
            self.outlets.pulse[_inode(target)] += content
        elif self._connected.get(number, ("", 0))[1] in self._internal_ports:
            if len(content) > 1:
                self._fault(call, f"{len(content)} bytes to a port of its own, expected one, which wakes a thread")
        else:
            self._fault(call, f"{len(content)} bytes to {target}")

    def _receive(self, call: Call) -> None:
        if _inode(call.descriptor[1]) in self._pulse:
            self.outlets.recorded += b"".join(call.strings)
            self.outlets.recorded_at_s.append(call.utc_s)


def _inode(target: str) -> str:
    """The inode that identifies a unix socket."""
    match = re.match(r"UNIX-STREAM:\[(\d+)", target)
    return match[1] if match else ""
