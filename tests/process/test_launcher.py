"""The launcher, and what every command says when something is wrong: one sentence, with the remedy."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devices.runtime.lock import FileLock, Taken
from queue_server.demo import Ports, fill
from tests.brokers import free_port

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def demo(state: Path, **env: str) -> subprocess.CompletedProcess[str]:
    ports = {"TINGTONG_HTTP__PORT": str(free_port()), "TINGTONG_MQTT__PORT": str(free_port())}
    return run("queue_server.demo", "--state", str(state), **{**ports, **env})


def test_a_second_hall_in_the_same_folder_is_refused_and_told_where_the_first_one_is(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock", "http://127.0.0.1:8080/lab")

    result = demo(tmp_path)

    assert result.returncode == 1
    assert "http://127.0.0.1:8080/lab" in result.stderr
    assert "DEMO_STATE" in result.stderr
    lock.release()


def test_a_lock_is_free_again_after_its_holder_let_go(tmp_path: Path) -> None:
    first = FileLock(tmp_path / "lock", "first")
    with pytest.raises(Taken, match="first"):
        FileLock(tmp_path / "lock")
    first.release()

    FileLock(tmp_path / "lock").release()


@pytest.mark.parametrize("port", ["80a", "0", "70000"])
def test_a_port_that_is_none_is_named(tmp_path: Path, port: str) -> None:
    result = demo(tmp_path, TINGTONG_HTTP__PORT=port)

    assert result.returncode == 1
    assert "TINGTONG_HTTP__PORT" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])

        result = demo(tmp_path, TINGTONG_HTTP__PORT=port)

    assert result.returncode == 1
    assert port in result.stderr
    assert "TINGTONG_HTTP__PORT" in result.stderr


def test_templates_get_numbers_for_ports_and_one_port_for_one_name() -> None:
    ports = Ports(http=8080, mqtt=1883)

    text = fill(
        'port = "${port:mqtt}"\na = "tcp://h:${port:led-1}"\nb = "tcp://h:${port:led-1}"\n', Path("/r"), ports
    )

    lines = text.splitlines()
    assert lines[0] == "port = 1883"
    assert lines[1].removeprefix("a") == lines[2].removeprefix("b")


def test_an_agents_typo_names_file_line_and_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('id = "a"\nlocal_sockett = "x"\n')

    result = run("devices.agent", "check-config", "--config", str(path))

    assert result.returncode == 1
    assert result.stderr.strip() == (
        f"device-agent: {path}:2: unknown key 'local_sockett'; did you mean 'local_socket'?"
    )


def test_a_driver_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(
        'id = "a"\n[[device]]\nid = "x"\ndriver = "printer-escpoz"\nwire = "tcp://127.0.0.1:9100"\n'
    )

    result = run("devices.agent", "check-config", "--config", str(path))

    assert result.returncode == 1
    assert "printer-escpos" in result.stderr


def test_the_doctor_says_what_to_do_about_a_machine_that_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    wire = f"tcp://127.0.0.1:{free_port()}"
    path.write_text(f'id = "a"\n[[device]]\nid = "led-3"\ndriver = "ledboard-onbon-font"\nwire = "{wire}"\n')

    result = run("devices.agent", "doctor", "--config", str(path))

    assert result.returncode == 1
    assert "led-3" in result.stdout
    assert "Check the cable" in result.stdout


@pytest.mark.parametrize("program", ["devices.agent", "queue_server", "kiosk", "devices.sim"])
def test_every_command_helps_with_an_example(program: str) -> None:
    result = run(program, "--help")

    assert result.returncode == 0
    assert "example" in result.stdout


@pytest.mark.parametrize("program", ["devices.agent", "queue_server", "kiosk"])
def test_wrong_usage_is_exit_code_2(program: str) -> None:
    assert run(program, "dance").returncode == 2


@pytest.mark.parametrize("name", ["agent", "server"])
def test_the_shipped_examples_are_good(name: str) -> None:
    program = {"agent": "devices.agent", "server": "queue_server"}[name]

    result = run(program, "check-config", "--config", f"config/{name}.example.toml")

    assert result.returncode == 0, result.stderr
