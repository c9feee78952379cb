"""A WebSocket client, as far as a browser's debugging port needs one: text messages, to a server on this machine."""
import base64
import os
import socket
import struct
import urllib.parse


class WebSocket:
    def __init__(self, url, timeout=600):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        path = parts.path + ('?' + parts.query if parts.query else '')
        self.socket.sendall((f'GET {path or "/"} HTTP/1.1\r\nHost: {parts.hostname}:{parts.port}\r\nUpgrade: websocket\r\n'
                             f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n').encode())
        self.buffer = b''
        while b'\r\n\r\n' not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        if b' 101 ' not in head.split(b'\r\n')[0]:
            raise OSError(head.decode(errors='replace'))

    def _more(self):
        got = self.socket.recv(1 << 20)
        if not got:
            raise EOFError('the browser closed the connection')
        self.buffer += got

    def _take(self, length):
        while len(self.buffer) < length:
            self._more()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def send(self, text):
        self._frame(1, text.encode())

    def _frame(self, kind, data):
        head = bytes([0x80 | kind])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        elif len(data) < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack('>H', len(data))
        else:
            head += bytes([0x80 | 127]) + struct.pack('>Q', len(data))
        mask = os.urandom(4)
        whole = int.from_bytes((mask * (len(data) // 4 + 1))[:len(data)], 'big')
        self.socket.sendall(head + mask + (int.from_bytes(data, 'big') ^ whole).to_bytes(len(data), 'big'))

    def receive(self):
        message = b''
        while True:
            first, second = self._take(2)
            length = second & 0x7f
            if length == 126:
                length = struct.unpack('>H', self._take(2))[0]
            elif length == 127:
                length = struct.unpack('>Q', self._take(8))[0]
            data = self._take(length)
            kind = first & 0x0f
            if kind == 8:
                raise EOFError('the browser closed the connection')
            if kind == 9:
                self._frame(10, data)
            if kind in (0, 1):
                message += data
                if first & 0x80:
                    return message.decode()

    def close(self):
        self.socket.close()
