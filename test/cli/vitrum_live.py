"""What the tests of series that are being measured share."""
import json
import socket
import subprocess

import zmq

from vitrum_cli import VITRUM, CliTest

MAP = "/entry/twotime/bin_{}/two_time_corr_func"


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def receive(test, address, count):
    """The parts of so many messages."""
    context = zmq.Context()
    test.addCleanup(context.destroy, linger=0)
    pull = context.socket(zmq.PULL)
    pull.setsockopt(zmq.RCVTIMEO, 30000)
    test.addCleanup(pull.close)
    pull.connect(address)
    return [pull.recv_multipart() for _ in range(count)]


class LiveTest(CliTest):
    def start(self, *args):
        run = subprocess.Popen([VITRUM, *(str(a) for a in args)], cwd=self.folder.name, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        return run

    def end(self, run, code=0):
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, code, f"{out}\n{err}")
        return out, err


class Detector:
    """Messages in V1, one by one, as no replay would send them."""

    def __init__(self, test, series=5):
        self.address, self.series = free_address(), series
        context = zmq.Context()
        test.addCleanup(context.destroy, linger=0)
        self.push = context.socket(zmq.PUSH)
        self.push.bind(self.address)
        test.addCleanup(self.push.close, linger=0)

    def start(self, **config):
        head = {"htype": "dheader-1.0", "series": self.series, "header_detail": "basic"}
        self.push.send_multipart([json.dumps(part).encode() for part in (head, {"frame_time": 0.5, **config})])

    def image(self, number, frame, series=None, kind="uint16", encoding="<", packed=None):
        shape = list(frame.shape[::-1])
        data = frame.tobytes() if packed is None else packed
        self.push.send_multipart([json.dumps(part).encode() if isinstance(part, dict) else part for part in (
            {"htype": "dimage-1.0", "series": series or self.series, "frame": number},
            {"htype": "dimage_d-1.0", "shape": shape, "type": kind, "encoding": encoding, "size": len(data)}, data, {})])

    def end(self):
        self.push.send(json.dumps({"htype": "dseries_end-1.0", "series": self.series}).encode())
