"""A PostgreSQL that waits for its disk, as one in production does; the one of the tests does not."""

from __future__ import annotations

from sqlalchemy import create_engine

from tests.postgres import PostgresServer, _binary


class DurablePostgres(PostgresServer):
    def start(self) -> None:
        super().start()
        self._run(_binary("pg_ctl"), "stop", "-w", "-D", str(self._data), "-m", "fast")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        self._run(
            _binary("pg_ctl"), "start", "-w", "-D", str(self._data), "-l", str(self.folder / "log"), "-o", options
        )

    def make_database(self, name: str) -> None:
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine.dispose()
