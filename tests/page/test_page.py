"""The page in a browser: what it shows is what the program says, and nothing leaves it.

usage: test_page.py PROGRAM PAGE SCRATCH [--browser chromium|firefox] [--pictures DIR] [TEST...]
"""
import argparse
import base64
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import unittest

import browsers
from stores import Stores, datawal, frame

options = None
browser = None

# The names are those of both, `verify --json` and the page.
VERIFY = ['frames_checked', 'crc_failures', 'tail_truncated', 'tail_bytes_discarded', 'last_segment', 'last_offset',
          'last_txid_seen', 'txid_gaps', 'out_of_order', 'preallocated_bytes', 'records_beyond_tear', 'quarantined_previously',
          'damaged_bytes', 'records_behind_damage', 'txids_missing', 'raw_only', 'gaps']
STAT = ['segments', 'bytes', 'live_bytes', 'live_keys', 'raw_records', 'put_records', 'delete_records', 'last_txid',
        'durable_txid', 'quarantined_files', 'quarantined_bytes', 'per_segment']

SUMMARY = 'datawalPage.store.summary'
CATCH_DOWNLOADS = '''(window.caught = [], window.keepUrl ||= URL.createObjectURL.bind(URL),
  URL.createObjectURL = blob => { if (blob instanceof Blob) caught.push(blob); return keepUrl(blob); },
  HTMLAnchorElement.prototype.click = () => {}, true)'''
CAUGHT = '''(async () => { const bytes = new Uint8Array(await caught[caught.length - 1].arrayBuffer()); let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192)); return btoa(text); })()'''


def native(command, path, cwd):
    """The line of JSON, and the sentence on standard error."""
    done = subprocess.run([options.program, '--json', command, path.name], cwd=cwd, capture_output=True, check=False)
    said = done.stderr.decode().splitlines()
    errors = [json.loads(line)['message'] for line in said if line.startswith('{') and json.loads(line)['kind'] == 'error']
    return json.loads(done.stdout.splitlines()[0]) if done.stdout else None, errors[0] if errors else ''


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(options.scratch).resolve() / cls.__name__
        shutil.rmtree(cls.root, ignore_errors=True)
        cls.stores = Stores(options.program, cls.root)

    def setUp(self):
        browser.look_like(1280)

    def tearDown(self):
        local = re.compile(r'^(file|blob|data|about|chrome|resource):')
        self.assertEqual([url for url in browser.requests if not local.match(url)], [], 'the page asked the network')

    def open_page(self, hash_=''):
        browser.open(pathlib.Path(options.page).resolve().as_uri() + hash_)

    def choose(self, path, originals=True, keep=False, patience=60):
        if not keep:
            self.open_page()
        browser.run(f'(document.getElementById("originals").checked = {str(originals).lower()}, true)')
        browser.run('(datawalPage.store = datawalPage.error = null, true)')
        # Firefox's protocol gives it files, and Chromium's the directory.
        whole = [path] if browser.name == 'chromium' else sorted(path.iterdir())
        browser.choose('#choose', whole)
        browser.wait('datawalPage.store || datawalPage.error', patience)
        browser.wait('document.getElementById("progress").hidden')

    def picture(self, name, whole=True):
        if options.pictures:
            pathlib.Path(options.pictures).mkdir(parents=True, exist_ok=True)
            browser.picture(pathlib.Path(options.pictures) / f'{browser.name}-{name}.png', whole)

    def report(self, path, name, *more):
        out = self.root / f'{name}.html'
        datawal(options.program, 'page', path, '-o', out, *more)
        browser.open(out)
        browser.wait('datawalPage.store || datawalPage.error')
        self.assertIsNone(browser.run('datawalPage.error'))
        self.assertEqual(browser.errors, [])
        return out

    def show(self, selector):
        return browser.run(f'document.querySelector({json.dumps(selector)}).textContent')


class EachKindOfDamage(Page):
    def test_shows_the_numbers_and_sentences_of_the_program(self):
        for name, path in self.stores.one_of_each().items():
            with self.subTest(name):
                self.choose(path)
                self.assertIsNone(browser.run('datawalPage.error'))
                verify, sentence = native('verify', path, self.root)
                shown = browser.run(SUMMARY)
                for field in VERIFY:
                    self.assertEqual(shown['verify'][field], verify[field], field)
                self.assertEqual(shown['verdict']['code'], verify['verdict'])
                self.assertEqual(shown['verdict']['watermark'], verify['watermark'])
                if browser.name == 'chromium':  # Firefox was given no directory, and so no name
                    self.assertEqual(shown['verdict']['trouble'], sentence if verify['verdict'] != 'records_missing' else '')
                damaged = [(one['segment'], one['begin'], one['end'], one['reason'])
                           for one in shown['stretches'] if one['kind'] == 'damaged']
                self.assertEqual(damaged, [(one['segment'], one['begin'], one['end'], one['reason'])
                                           for one in verify['damaged_ranges']])
                stat = subprocess.run([options.program, '--json', 'stat', '--segments', path.name], cwd=self.root,
                                      capture_output=True, check=False)
                if stat.returncode == 0:
                    stat = json.loads(stat.stdout.splitlines()[0])
                    for field in STAT:
                        self.assertEqual(shown['stat'][field], stat[field], field)
                    self.assertAlmostEqual(shown['stat']['garbage_ratio'], stat['garbage_ratio'], 3)
                self.assertEqual(browser.errors, [])
                self.picture(name)

    def test_the_watermark_says_nothing_of_what_may_be_a_copy(self):
        path = self.stores.made('copy', {1: frame(1, 1, b'a', b'1')}, (1, len(frame(1, 1, b'a', b'1')), 1))
        self.choose(path, originals=False)
        self.assertEqual(browser.run(SUMMARY)['verdict']['watermark'], 'elsewhere')
        self.choose(path, originals=True)
        self.assertEqual(browser.run(SUMMARY)['verdict']['watermark'], 'kept')

    def test_damage_is_drawn_three_pixels_wide_at_least(self):
        path = self.stores.kv('wide', 8000, '1G')
        self.stores.flip(self.stores.segments('wide')[0], 300000)
        self.stores.made('wide', {9: frame(1, 10**6, b'x')})
        self.choose(path)
        widths = browser.run('''(() => {
          const canvas = document.querySelector('.strip canvas'), context = canvas.getContext('2d');
          const probe = document.createElement('canvas').getContext('2d');
          probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--damaged').trim();
          probe.fillRect(0, 0, 1, 1);
          const wanted = probe.getImageData(0, 0, 1, 1).data;
          const {data, width, height} = context.getImageData(0, 0, canvas.width, canvas.height);
          const red = [];
          for (let x = 0; x < width; ++x) for (let y = 0; y < height; ++y) {
            const at = 4 * (y * width + x);
            if ([0, 1, 2].every(i => data[at + i] === wanted[i])) { red.push(x); break; }
          }
          return red.length; })()''')
        self.assertGreaterEqual(widths, 3)


class Reading(Page):
    def test_a_dropped_directory_shows_the_same_as_a_chosen_one(self):
        if browser.name != 'chromium':
            self.skipTest('no protocol of this browser drops files')
        path = self.stores.kv('dropped')
        self.choose(path, originals=False)
        chosen = browser.run(SUMMARY)
        self.open_page()
        browser.drop(path)
        browser.wait('datawalPage.store || datawalPage.error')
        dropped = browser.run(SUMMARY)
        for one in (chosen, dropped):
            for field in ('milliseconds', 'bytes_read', 'memory_bytes'):
                del one[field]
        # A drop leaves out what begins with a dot, in some browsers.
        for field in ('verify', 'stat', 'segments', 'stretches', 'sizes', 'prefixes', 'growth'):
            self.assertEqual({**dropped, 'stat': {**dropped['stat'], 'durable_txid': 0}}[field],
                             {**chosen, 'stat': {**chosen['stat'], 'durable_txid': 0}}[field])

    def test_what_is_no_store_is_said_to_be_none(self):
        empty = self.root / 'empty'
        empty.mkdir(parents=True, exist_ok=True)
        (empty / 'notes.txt').write_text('x')
        self.choose(empty)
        self.assertIn('no store', browser.run('datawalPage.error'))

    def test_a_file_that_changes_is_an_error_and_no_damage(self):
        path = self.stores.kv('changing', 2000)
        self.choose(path)
        time.sleep(0.01)
        for segment in self.stores.segments('changing'):
            segment.write_bytes(segment.read_bytes()[:-1000])
        browser.run('(datawalPage.store = datawalPage.error = null, document.getElementById("originals").onchange(), true)')
        browser.wait('datawalPage.error')
        self.assertIn('cannot read', browser.run('datawalPage.error'))
        self.assertIsNone(browser.run('datawalPage.store'))

    def test_without_memory_for_keys_it_shows_all_but_live_and_dead(self):
        path = self.stores.kv('many', 4000)
        self.open_page('#max-index-bytes=1')
        self.choose(path, keep=True)
        self.assertFalse(browser.run('datawalPage.store.knowsKeys'))
        self.assertTrue(browser.run('!document.getElementById("verdict-keys").hidden'))
        self.assertEqual(browser.run(SUMMARY)['verify']['frames_checked'], native('verify', path, self.root)[0]['frames_checked'])

    def test_cancelling_ends_it_and_another_store_can_be_opened(self):
        path = self.stores.kv('cancelled')
        self.choose(path)
        browser.run('(datawalPage.client.cancel(), true)')
        self.choose(self.stores.kv('another', 900), keep=True)  # other names: else Firefox's protocol changes nothing
        self.assertIsNone(browser.run('datawalPage.error'))


class Records(Page):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = cls.stores.kv('kv', 1000)
        subprocess.run([options.program, 'append', cls.path], input=b'raw one\nraw two\n', check=True, capture_output=True)
        cls.scan = datawal(options.program, '--json', 'scan', cls.path).splitlines()

    def filter(self, **fields):
        browser.run(f'''(() => {{ const form = document.getElementById('filter'); form.reset();
          for (const [name, value] of Object.entries({json.dumps(fields)})) {{
            if (typeof value === 'boolean') form.elements[name].checked = value; else form.elements[name].value = value; }}
          document.getElementById('status').textContent = 'waiting'; form.requestSubmit(); return true; }})()''')
        browser.wait('/records found/.test(document.getElementById("status").textContent)')
        return int(self.show('#count').split()[0].replace(',', ''))

    def setUp(self):
        super().setUp()
        self.choose(self.path)
        browser.run(CATCH_DOWNLOADS)
        self.records = [json.loads(line) for line in self.scan]

    def test_filters_find_what_the_program_finds(self):
        def holds(record, text):
            return text in base64.b64decode(record['key_base64']) or text in base64.b64decode(record['payload_base64'])
        self.assertEqual(self.filter(type='0'), 2)
        self.assertEqual(self.filter(type='2'), sum(one['record_type'] == 'Delete' for one in self.records))
        self.assertEqual(self.filter(prefix='user:'),
                         sum(base64.b64decode(one['key_base64']).startswith(b'user:') for one in self.records))
        self.assertEqual(self.filter(text='"id": 77'), sum(holds(one, b'"id": 77') for one in self.records))
        self.assertEqual(self.filter(text='22 69 64', hex=True), sum(holds(one, b'"id') for one in self.records))
        self.assertEqual(self.filter(**{'from': '10', 'to': '20'}), 11)
        self.assertEqual(self.filter(state='live'), json.loads(datawal(options.program, '--json', 'stat', self.path))['live_keys'])

    def export(self, button):
        browser.run(f'(document.getElementById("{button}").click(), true)')
        browser.wait('caught.length > 0 && document.getElementById("progress").hidden')
        return base64.b64decode(browser.run(CAUGHT)).decode().splitlines()

    def test_an_export_is_what_scan_prints(self):
        self.assertEqual(self.export('export-scan'), self.scan)

    def test_an_export_of_live_records_can_be_imported(self):
        self.filter(state='live')
        lines = self.export('export-import')
        datawal(options.program, 'import', self.root / 'imported', stdin='\n'.join(lines).encode())
        exported = datawal(options.program, 'export', self.path, '-')
        self.assertEqual(datawal(options.program, 'export', self.root / 'imported', '-'), exported)

    def test_salvage_makes_the_store_that_the_program_makes(self):
        self.stores.kv('hurt', 1000)
        self.stores.flip(self.stores.segments('hurt')[1], 4000)
        self.choose(self.stores.path('hurt'))
        browser.run(CATCH_DOWNLOADS)
        browser.run('(document.getElementById("salvage").click(), true)')
        browser.wait('datawalPage.salvaged && document.getElementById("progress").hidden')
        tar = self.root / 'salvaged.tar'
        tar.write_bytes(base64.b64decode(browser.run(CAUGHT)))
        with tarfile.open(tar) as archive:
            archive.extractall(self.root / 'unpacked')
        got = next((self.root / 'unpacked').iterdir())
        datawal(options.program, 'repair', self.stores.path('hurt'), '--salvage', self.root / 'native', allow=(0, 2, 3))
        for segment in (self.root / 'native').glob('*.dwal'):
            self.assertEqual((got / segment.name).read_bytes(), segment.read_bytes())
        self.assertEqual(json.loads(datawal(options.program, '--json', 'verify', got, allow=(0, 3)))['verdict'] in ('clean', 'gaps'), True)

    def test_the_keyboard_reaches_everything(self):
        if browser.name != 'chromium':
            self.skipTest('keys are sent by the protocol of the other browser')
        order = []
        browser.run('(document.body.focus(), true)')
        for _ in range(60):
            browser.key('Tab', windows=9)
            order.append(browser.run('document.activeElement.id || document.activeElement.name || document.activeElement.tagName'))
        for wanted in ('choose', 'originals', 'CANVAS', 'prefix', 'text', 'table', 'export-scan', 'salvage'):
            self.assertIn(wanted, order)
        browser.run('(document.getElementById("table").focus(), true)')
        browser.key('ArrowDown', windows=40)
        browser.key('ArrowDown', windows=40)
        browser.wait('/txid 3/.test(document.getElementById("detail-title").textContent)')
        browser.key('End', windows=35)
        browser.wait(f'document.getElementById("detail-title").textContent.includes("{len(self.records):,}")')
        browser.run('(document.querySelector(".strip canvas").focus(), true)')
        browser.key('ArrowRight', windows=39)
        browser.key('Enter', windows=13, text='\r')
        browser.wait('!/txid .*1,00/.test(document.getElementById("detail-title").textContent)')
        browser.key('z', code='KeyZ', windows=90, text='z')
        browser.wait('!document.getElementById("zoom").hidden')

    def test_at_360_pixels_nothing_is_wider_than_the_page(self):
        browser.look_like(360, 780)
        self.assertLessEqual(browser.run('document.documentElement.scrollWidth'), 360)
        self.picture('narrow')
        browser.look_like(1280, dark=True)
        self.picture('dark')


class Hostile(Page):
    def test_what_a_store_holds_is_shown_and_does_no_harm(self):
        path = self.stores.hostile()
        self.choose(path)
        self.assertIsNone(browser.run('datawalPage.error'))
        for row in range(browser.run('datawalPage.store.count')):
            browser.run(f'datawalPage.choose({row})')
        self.assertIn('cut', self.show('#detail-value') + 'cut')
        browser.wait('document.querySelectorAll("#table-body .row").length > 5')
        time.sleep(0.3)
        self.assertIsNone(browser.run('window.harmed ?? null'))
        self.assertEqual(browser.run('document.querySelectorAll("main script, main img").length'), 0)
        self.assertIn('<script>window.harmed=1</script>', self.show('#table-body'))
        self.assertEqual(browser.errors, [])
        self.picture('hostile')


class Reports(Page):
    def test_of_every_kind_of_store_says_what_verify_says(self):
        for name, path in Stores(options.program, self.root / 'each').one_of_each().items():
            with self.subTest(name):
                self.report(path, name)
                verify, sentence = native('verify', path, path.parent)
                shown = browser.run(SUMMARY)
                self.assertEqual(shown['verdict']['code'], verify['verdict'])
                self.assertEqual(shown['verify']['frames_checked'], verify['frames_checked'])
                self.assertEqual(shown['verdict']['watermark'], verify['watermark'])
                self.assertEqual(browser.run('datawalPage.store.count'), verify['frames_checked'] + verify['records_behind_damage'])

    def test_of_a_larger_store_is_a_summary_with_the_same_numbers(self):
        path = self.stores.kv('huge', 20000)
        self.stores.flip(self.stores.segments('huge')[3], 7000)
        for more in ([], ['--no-values']):
            out = self.report(path, 'huge', '--embed-limit', '1M', *more)
            verify, _ = native('verify', path, self.root)
            shown = browser.run(SUMMARY)
            for field in VERIFY:
                self.assertEqual(shown['verify'][field], verify[field], field)
            self.assertEqual(browser.run('datawalPage.store.count'), 1000)
            self.assertLess(out.stat().st_size, 1.6e6)
            self.assertIn('no segment', self.show('#verdict-notes'))
            self.picture('report-huge' + ''.join(more))
        self.assertNotIn(base64.b64encode(b'{"id": ').decode()[:8], out.read_text())

    def test_appears_whole_or_not_at_all(self):
        empty = self.root / 'empty'
        empty.mkdir(parents=True, exist_ok=True)
        out = self.root / 'kept.html'
        out.write_text('before')
        for path, status in ((empty, 1), (self.root / 'nowhere', 1)):
            done = subprocess.run([options.program, 'page', path, '-o', out], capture_output=True, check=False)
            self.assertEqual(done.returncode, status)
            self.assertEqual(out.read_text(), 'before')
            done = subprocess.run([options.program, 'page', path, '-o', '-'], capture_output=True, check=False)
            self.assertEqual(done.stdout, b'')
        path = self.stores.kv('piped')
        done = subprocess.run([options.program, 'page', path, '-o', '-'], capture_output=True, check=True)
        datawal(options.program, 'page', path, '-o', out)
        self.assertEqual(len(done.stdout), out.stat().st_size)

    def test_of_a_live_store_is_made_beside_its_writer(self):
        path = self.root / 'live'
        writer = subprocess.Popen([options.program, 'append', path, '--segment-bytes', '64K'], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL)
        stop = threading.Event()

        def write():
            n = 0
            while not stop.is_set():
                writer.stdin.write(b''.join(b'line %d of a live log\n' % (n + i) for i in range(50)))
                writer.stdin.flush()
                n += 50
                time.sleep(0.001)
        thread = threading.Thread(target=write)
        thread.start()
        try:
            while not list(path.glob('*.dwal')):
                time.sleep(0.01)
            for n in range(3):
                time.sleep(0.2)
                self.report(path, f'live{n}')
                shown = browser.run(SUMMARY)
                self.assertEqual(shown['verdict']['code'], 'clean')
                self.assertIn('clean', self.show('#native'))
                self.assertGreater(shown['verify']['frames_checked'], 0)
        finally:
            stop.set()
            thread.join()
            writer.stdin.close()
            writer.wait()

    def test_at_360_pixels_a_report_can_be_read(self):
        path = self.stores.kv('narrow', 2000)
        self.stores.flip(self.stores.segments('narrow')[2], 3000)
        browser.look_like(360, 780)
        self.report(path, 'narrow', '--title', 'Ticket 17: <b>kv</b> & "more"')
        self.assertLessEqual(browser.run('document.documentElement.scrollWidth'), 360)
        self.assertIn('<b>kv</b>', self.show('#report-title'))
        self.picture('report-narrow')


class Truth(Page):
    """Where a number, a text or a button could say something else than the store."""
    big = 2**53

    def big_store(self):
        return self.stores.made('big', {1: frame(1, self.big + 1, b'a', b'1') + frame(1, self.big + 3, b'b', b'2') +
                                        frame(0, 2**64 - 1, b'', b'3')})

    def row(self, n):
        browser.wait(f'document.querySelectorAll("#table-body .row").length > {n}')
        return browser.run(f'[...document.querySelectorAll("#table-body .row")[{n}].children].map(cell => cell.textContent)')

    def test_txids_beyond_what_a_double_holds_are_exact(self):
        path = self.big_store()
        for show in (self.choose, lambda path: self.report(path, 'big'), lambda path: self.report(path, 'big', '--embed-limit', '0')):
            show(path)
            browser.wait('[...document.querySelectorAll("#table-body .row")].every(row => row.children[0].textContent.endsWith("3") || '
                         'row.children[0].textContent.endsWith("5"))')
            self.assertEqual([self.row(n)[0].replace(',', '') for n in range(3)],
                             [str(self.big + 1), str(self.big + 3), str(2**64 - 1)])
            self.assertIn(f'{2**64 - 1:,}', self.show('#facts'))
            self.assertIn(f'{self.big + 2:,}', self.show('#places'))
            browser.run('datawalPage.choose(0)')
            browser.wait(f'document.getElementById("detail-title").textContent.includes("{self.big + 1:,}")')

    def filter(self, **fields):
        browser.run(f'''(() => {{ const form = document.getElementById('filter'); form.reset();
          for (const [name, value] of Object.entries({json.dumps(fields)})) {{
            if (typeof value === 'boolean') form.elements[name].checked = value; else form.elements[name].value = value; }}
          document.getElementById('status').textContent = 'waiting'; form.requestSubmit(); return true; }})()''')
        browser.wait('document.getElementById("status").textContent !== "waiting"')
        return self.show('#status')

    def test_a_filter_tells_txids_apart_that_a_double_does_not(self):
        path = self.big_store()
        for show in (self.choose, lambda path: self.report(path, 'big'), lambda path: self.report(path, 'big', '--embed-limit', '0')):
            show(path)
            for first, last, wanted in ((self.big, self.big + 1, 1), (self.big + 2, self.big + 2, 0), (self.big + 2, self.big + 3, 1),
                                        (2**64 - 1, 2**64 - 1, 1), (2**64 - 2, 2**64 - 2, 0), (f'{self.big + 1:,}', '', 3)):
                self.assertEqual(self.filter(**{'from': str(first), 'to': str(last)}), f'{wanted} records found', (first, last))
            self.assertIn('a txid is a number', self.filter(**{'from': '1e3'}))

    def test_an_export_of_large_txids_is_what_scan_prints(self):
        path = self.big_store()
        self.choose(path)
        browser.run(CATCH_DOWNLOADS)
        browser.run('(document.getElementById("export-scan").click(), true)')
        browser.wait('caught.length > 0 && document.getElementById("progress").hidden')
        self.assertEqual(base64.b64decode(browser.run(CAUGHT)).decode(), datawal(options.program, '--json', 'scan', path))

    def test_bytes_are_shown_as_they_are_and_what_is_cut_says_so(self):
        path = self.stores.made('bytes', {1: frame(1, 1, b'\xef\xbb\xbfabc', b'x' * 500) + frame(1, 2, b'abc\xe2', b'{}') +
                                          frame(1, 3, 'a\u2028b\u200bc\ufeff'.encode(), b'')})
        self.choose(path)
        browser.wait('document.querySelector("#table-body .row").children[6].textContent !== ""')
        self.assertEqual([self.row(n)[5] for n in range(3)], ['\\ufeffabc', 'hex:616263e2', 'a\\u2028b\\u200bc\\ufeff'])
        self.assertTrue(self.row(0)[6].endswith('…'))
        self.assertFalse(self.row(1)[6].endswith('…'))

    def test_a_report_is_searched_by_bytes(self):
        path = self.stores.made('binary', {1: frame(1, 1, b'\x00\xff' * 100 + b'needle', b'v') + frame(1, 2, b'b', b'\xfe\xed')})
        self.report(path, 'binary', '--embed-limit', '0')
        for fields in ({'text': 'needle'}, {'text': 'fe ed', 'hex': True}, {'prefix': 'b'}):
            self.assertEqual(self.filter(**fields), '1 records found', fields)

    def test_a_store_that_cannot_be_read_does_not_answer_for_the_one_before(self):
        self.choose(self.stores.kv('before'))
        broken = self.stores.kv('broken', 900)  # other names: else Firefox's protocol changes nothing
        self.choose(broken, keep=True)
        time.sleep(0.01)
        for segment in self.stores.segments('broken'):
            segment.write_bytes(segment.read_bytes()[:-100])
        browser.run('(datawalPage.error = null, document.getElementById("originals").onchange(), true)')
        browser.wait('datawalPage.error')
        self.assertTrue(browser.run('document.getElementById("store").hidden'), 'its rows would be read from other files')
        self.assertIsNone(browser.run('datawalPage.store'))

    def test_what_a_report_says_does_not_stand_above_another_store(self):
        self.report(self.stores.kv('reported'), 'reported')
        self.assertTrue(browser.run('!document.getElementById("report-head").hidden'))
        self.choose(self.stores.kv('other'), keep=True)
        self.assertTrue(browser.run('document.getElementById("report-head").hidden'))
        self.assertNotIn('reported', browser.run('document.title'))

    def test_after_cancelling_an_export_the_store_is_there(self):
        self.choose(self.stores.kv('cancelled'))
        browser.run('(document.getElementById("salvage").click(), document.getElementById("cancel").click(), true)')
        browser.wait('document.getElementById("progress").hidden && datawalPage.store', 20)
        browser.run('''(() => { const form = document.getElementById('filter'); form.elements.text.value = 'zzzz-not-there';
          form.requestSubmit(); return true; })()''')
        browser.wait('/^0 records found/.test(document.getElementById("status").textContent)', 20)

    def test_a_report_of_the_directory_one_is_in_shows_it(self):
        path = self.stores.kv('here')
        out = self.root / 'here.html'
        subprocess.run([options.program, 'page', '.', '-o', out], cwd=path, check=True, capture_output=True)
        browser.open(out)
        browser.wait('datawalPage.store || datawalPage.error')
        self.assertEqual(browser.run('datawalPage.store.count'), native('verify', path, self.root)[0]['frames_checked'])

    def test_a_report_counts_every_quarantined_file_and_sees_the_whole_watermark(self):
        path = self.stores.made('names', {1: frame(1, 1, b'a', b'1')}, (1, 30, 1))
        for name in ('<img src=x onerror=window.harmed=1>', '"><script>window.harmed=1', 'UPPER_case &amp;'):
            (path / f'00000001.dwal.torn-{name}').write_bytes(b'x')
        with open(path / '.watermark', 'ab') as watermark:
            watermark.write(b'longer than any')
        self.report(path, 'names')
        stat = json.loads(datawal(options.program, '--json', 'stat', path))
        self.assertEqual(browser.run(SUMMARY)['stat']['quarantined_files'], stat['quarantined_files'])
        self.assertEqual(browser.run(SUMMARY)['verdict']['watermark'], native('verify', path, self.root)[0]['watermark'])
        self.assertIn('torn-<img src=x onerror=window.harmed=1>', self.show('#strips'))
        self.assertIsNone(browser.run('window.harmed ?? null'))

    def test_the_legend_shows_what_is_there_and_nothing_else(self):
        def legend():
            return [item.strip() for item in browser.run(
                '[...document.querySelectorAll("#legend li")].map(item => item.textContent)')]
        self.choose(self.stores.made('puts', {1: frame(1, 1, b'a', b'1') + frame(1, 2, b'b', b'2')}))
        self.assertEqual(legend(), ['live'])
        self.choose(self.stores.made('log', {1: frame(0, 1, b'', b'1') + frame(0, 3, b'', b'2') + b'DW'}))
        self.assertEqual(legend(), ['raw', 'torn tail', '▾ txids missing'])
        self.report(self.stores.path('log'), 'log', '--embed-limit', '0')
        self.assertEqual(legend(), ['raw', 'torn tail', '▾ txids missing'])

    def test_a_report_says_its_verdict_once(self):
        path = self.stores.kv('once', 600)
        self.stores.flip(self.stores.segments('once')[1], 4000)
        for more in ([], ['--embed-limit', '0']):
            self.report(path, 'once', *more)
            _, sentence = native('verify', path, self.root)
            browser.wait('document.getElementById("progress").hidden')
            shown = browser.run('document.body.innerText')
            self.assertEqual(shown.count('--salvage loses'), 1, shown)
            self.assertIn(sentence.split(';')[0].split('/')[-1][:30].strip(), shown)

    def test_what_is_code_is_shown_as_code(self):
        path = self.stores.kv('code', 600)
        self.stores.flip(self.stores.segments('code')[1], 4000)
        for show in (self.choose, lambda path: self.report(path, 'code')):
            show(path)
            browser.run('(datawalPage.choose(0), true)')
            browser.run('(document.querySelector("#places button").click(), true)')
            browser.wait('document.getElementById("detail-title").textContent === "Damage"')
            self.assertNotIn('`', browser.run('document.body.innerText'))
        self.assertEqual(self.show('#export-scan code'), 'datawal scan --json')

    def test_records_behind_damage_are_counted_apart(self):
        path = self.stores.kv('apart', 600)
        self.stores.flip(self.stores.segments('apart')[1], 4000)
        self.choose(path)
        verify, _ = native('verify', path, self.root)
        self.assertIn(f'records{verify["frames_checked"]} readable + {verify["records_behind_damage"]} behind damage',
                      self.show('#facts'))

    def test_at_1200_pixels_the_table_shows_keys_and_values(self):
        self.choose(self.stores.kv('columns', 2000))
        for width in (1200, 1280, 1600):
            browser.look_like(width)
            sizes = browser.run('''(() => { const table = document.getElementById('table');
              const cells = [...document.querySelector('.row.head').children].map(cell => cell.getBoundingClientRect().width);
              return {inside: table.scrollWidth, room: table.clientWidth, cells}; })()''')
            self.assertLessEqual(sizes['inside'], sizes['room'], width)
            self.assertGreaterEqual(sum(sizes['cells'][5:]), 0.45 * sizes['room'], (width, sizes))
            browser.wait('document.querySelectorAll("#table-body .row").length > 5')
            self.assertEqual(browser.run('''[...document.querySelectorAll('#table .row')].flatMap(row => [...row.children].slice(0, 5))
              .filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)'''), [], 'what is cut')

    def test_a_report_does_not_take_the_place_of_a_file_of_its_store(self):
        path = self.stores.kv('own')
        segment = self.stores.segments('own')[0]
        before = segment.read_bytes()
        (self.root / 'own-link').symlink_to(path)
        for name in (segment, path / '.watermark', path / 'report.html', self.root / 'own-link' / segment.name):
            done = subprocess.run([options.program, 'page', path, '-o', name], capture_output=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b'inside the store itself', done.stderr)
        self.assertEqual(segment.read_bytes(), before)
        self.assertFalse((path / 'report.html').exists())


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('page')
    parser.add_argument('scratch')
    parser.add_argument('--browser', default='chromium')
    parser.add_argument('--pictures')
    options, tests = parser.parse_known_args()
    options.program = str(pathlib.Path(options.program).resolve())
    options.scratch = str(pathlib.Path(options.scratch).resolve())  # a browser has another working directory
    with {'chromium': browsers.Chromium, 'firefox': browsers.Firefox}[options.browser]() as browser:
        print(f'in {browser.name}:', file=sys.stderr)
        outcome = unittest.main(argv=[sys.argv[0], *tests], exit=False, verbosity=2)
    sys.exit(0 if outcome.result.wasSuccessful() else 1)
