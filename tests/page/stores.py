"""Stores to look at: one for each thing that may be wrong with one, made by the program and then damaged."""
import base64
import json
import os
import pathlib
import random
import struct
import subprocess


def datawal(program, *arguments, stdin=None, allow=(0,)):
    done = subprocess.run([str(program), *map(str, arguments)], input=stdin, capture_output=True)
    if done.returncode not in allow:
        raise RuntimeError(f'datawal {arguments}: {done.returncode}: {done.stderr.decode(errors="replace")}')
    return done.stdout.decode(errors='replace')


def crc32c(data, table=[]):
    if not table:
        for byte in range(256):
            state = byte
            for _ in range(8):
                state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
            table.append(state)
    state = 0xFFFFFFFF
    for byte in data:
        state = (state >> 8) ^ table[(state ^ byte) & 0xFF]
    return state ^ 0xFFFFFFFF


def frame(kind, txid, key=b'', payload=b'', version=1):
    bytes_ = b'DWAL' + struct.pack('<HBBQII', version, kind, 0, txid, len(key), len(payload)) + key + payload
    return bytes_ + struct.pack('<I', crc32c(bytes_))


def lines(count, seed=1):
    rng = random.Random(seed)
    kinds = ['user:', 'order:', 'session:', 'cache/', 'job.', 'plain']
    for n in range(count):
        key = f'{rng.choice(kinds)}{rng.randrange(max(1, count // 2)):07d}'
        value = json.dumps({'id': n, 'text': 'x' * min(4000, int(rng.paretovariate(1.1) * 40))})
        yield json.dumps({'key_b64': base64.b64encode(key.encode()).decode(),
                          'value_b64': base64.b64encode(value.encode()).decode()})


class Stores:
    def __init__(self, program, root):
        self.program = program
        self.root = pathlib.Path(root)

    def path(self, name):
        return self.root / name

    def kv(self, name, count=400, segment_bytes='16K'):
        self.root.mkdir(parents=True, exist_ok=True)
        text = '\n'.join(lines(count)) + '\n'
        datawal(self.program, 'import', self.path(name), '--segment-bytes', segment_bytes, stdin=text.encode())
        datawal(self.program, 'delete', self.path(name), '--key', 'user:0000001', allow=(0, 2))
        return self.path(name)

    def segments(self, name):
        return sorted(self.path(name).glob('*.dwal'))

    def flip(self, segment, offset):
        data = bytearray(segment.read_bytes())
        data[offset] ^= 0xFF
        segment.write_bytes(data)

    def made(self, name, segments, watermark=None):
        """Segments by their bytes."""
        self.path(name).mkdir(parents=True, exist_ok=True)
        for number, data in segments.items():
            (self.path(name) / f'{number:08d}.dwal').write_bytes(data)
        if watermark:
            segment, offset, txid = watermark
            inode = os.stat(self.path(name) / f'{segment:08d}.dwal').st_ino
            body = b'DWMK' + struct.pack('<IIIQQQ', 1, segment, 0, inode, offset, txid) + bytes(20)
            (self.path(name) / '.watermark').write_bytes(body + struct.pack('<I', crc32c(body)))
        return self.path(name)

    def one_of_each(self):
        """Name to directory."""
        self.kv('clean')
        self.kv('flipped', 2000)
        middle = self.segments('flipped')[1]
        self.flip(middle, 5000)
        self.flip(middle, 9000)
        self.kv('cut')
        first = self.segments('cut')[0]
        first.write_bytes(first.read_bytes()[:-100])
        torn = self.kv('torn')
        with open(self.segments('torn')[-1], 'ab') as segment:
            segment.write(frame(1, 10**6, b'key', b'value' * 20)[:60])
        (torn / '.watermark').unlink()
        self.kv('zeros')
        with open(self.segments('zeros')[-1], 'ab') as segment:
            segment.write(bytes(50000))
        self.kv('missing')
        self.segments('missing')[1].unlink()
        swapped = self.kv('swapped')
        a, b = self.segments('swapped')[:2]
        a.rename(swapped / 'a')
        b.rename(a)
        (swapped / 'a').rename(b)
        self.made('raw', {1: frame(0, 1, b'', b'one') + frame(0, 2, b'', b'two')})
        whole = frame(1, 1, b'a', b'1')
        self.made('newer', {1: frame(1, 1, b'a', b'1') + frame(1, 2, b'b', b'2', version=7) + frame(1, 3, b'c', b'3')})
        self.made('records-missing', {1: frame(0, 1, b'', b'one') + frame(0, 9, b'', b'nine')})
        gone = self.made('gone', {1: whole}, (1, len(whole), 1))
        (gone / '00000001.dwal').unlink()
        self.made('broken-watermark', {1: whole + frame(1, 2, b'b', b'2')[:20]}, (1, len(whole) + 30, 2))
        self.made('kept-watermark', {1: whole}, (1, len(whole), 1))
        quarantined = self.kv('quarantined')
        (quarantined / '00000001.dwal.torn-77').write_bytes(b'garbage')
        return {path.name: path for path in sorted(self.root.iterdir()) if path.is_dir()}

    def hostile(self):
        """Whatever a page might stumble over."""
        evil = [b'<script>window.harmed=1</script>', b'"><img src=x onerror=window.harmed=1>', b'</script><script>window.harmed=1',
                b'${window.harmed=1}', b'\xff\xfe\x00\x80', '\u202egnp.exe'.encode(), b'\x1b[31m', b'', b'__proto__:', b'constructor.']
        frames = b''.join(frame(1, 2 * n + 1, key, b'<b>' + key) + frame(0, 2 * n + 2, key, key) for n, key in enumerate(evil))
        false_headers = b''.join(b'DWAL' + struct.pack('<HBBQII', 1, 1, 0, n, 10, 1 << 26) for n in range(20000))
        path = self.made('hostile', {1: frames})
        datawal(self.program, 'put', path, '--key', 'big', '--value-file', '-', stdin=b'v' * (64 << 20))
        (path / '.watermark').unlink()
        return self.made('hostile', {2: frame(1, 101, b'behind', b'x') + false_headers, 3: frame(1, 500, b'<i>', b'after')})
