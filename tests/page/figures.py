"""What the page takes: its size, the time until it is ready, reading beside the browser's own rate, memory, and frames while scrolling.

usage: figures.py PROGRAM PAGE SCRATCH [--records N] [--rows N] [--browser NAME]
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import time

import browsers
from stores import datawal, lines

FRAMES = '''(async () => { const table = document.getElementById('table'); const gaps = []; let last = performance.now();
  for (let i = 0; i < 300; ++i) { table.scrollTop = table.scrollHeight * ((i * 7919) % 300) / 300;
    await new Promise(requestAnimationFrame); const now = performance.now(); gaps.push(now - last); last = now; }
  gaps.sort((a, b) => a - b); return [gaps[150], gaps[297], gaps[299]]; })()'''


def opened(browser, page, path):
    browser.open(page)
    browser.run('(datawalPage.store = datawalPage.error = null, true)')
    browser.choose('#choose', [path] if browser.name == 'chromium' else sorted(path.iterdir()))
    browser.wait('datawalPage.store || datawalPage.error', 600)
    browser.wait('document.getElementById("progress").hidden')
    return browser.run('({...datawalPage.times, ...{error: datawalPage.error}})')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('page')
    parser.add_argument('scratch')
    parser.add_argument('--records', type=int, default=700_000)
    parser.add_argument('--rows', type=int, default=10_000_000)
    parser.add_argument('--browser', default='chromium')
    options = parser.parse_args()
    scratch = pathlib.Path(options.scratch).resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    kv = scratch / 'kv'
    (scratch / 'kv.jsonl').write_text('\n'.join(lines(options.records)) + '\n')
    datawal(options.program, 'import', kv, scratch / 'kv.jsonl')
    size = sum(file.stat().st_size for file in kv.glob('*.dwal'))
    print(f'page: {pathlib.Path(options.page).stat().st_size} bytes')
    print(f'store: {size / 1e6:.0f} MB, {options.records} records')
    with {'chromium': browsers.Chromium, 'firefox': browsers.Firefox}[options.browser]() as browser:
        ready = []
        for _ in range(5):
            browser.open(options.page)
            ready.append(browser.run('datawalPage.times.ready'))
        print(f'{browser.name}: ready after {statistics.median(ready):.0f} ms (median of 5, {min(ready):.0f} to {max(ready):.0f})')
        for turn in range(3):
            times = opened(browser, options.page, kv)
            rate = browser.run('datawalPage.client.ask("readRate")')
            # Again, with all blocks in memory: the library alone.
            alone = browser.run('''datawalPage.client.ask('again').then(({summary}) => summary.milliseconds)''')
            summary = browser.run('(({milliseconds, memory_bytes}) => ({milliseconds, memory_bytes}))(datawalPage.store.summary)')
            drawn = times['drawn']
            print(f'  turn {turn}: drop to drawn {drawn:.0f} ms = {size / drawn / 1e3:.0f} MB/s; the browser reads {rate:.0f} MB/s: '
                  f'{size / drawn / 1e3 / rate:.2f} of it; survey {summary["milliseconds"]:.0f} ms; from memory '
                  f'{alone:.0f} ms = {size / alone / 1e3:.0f} MB/s; memory {summary["memory_bytes"] / options.records:.0f} B a record')
        # By turns, so that what else the machine does touches both.
        native, inside = [], []
        for _ in range(9):
            began = time.perf_counter()
            datawal(options.program, 'verify', kv)
            native.append(time.perf_counter() - began)
            inside.append(browser.run('datawalPage.client.ask("verifyTime")') / 1e3)
        print(f'verify: the program {min(native) * 1e3:.0f} ms = {size / min(native) / 1e6:.0f} MB/s, process and all; the page, from '
              f'memory, {min(inside) * 1e3:.0f} ms = {size / min(inside) / 1e6:.0f} MB/s: {min(native) / min(inside):.2f} of it')
        log = scratch / 'log'
        feeder = subprocess.Popen(['seq', str(options.rows)], stdout=subprocess.PIPE)
        subprocess.run([options.program, 'append', log, '--sync', 'never'], stdin=feeder.stdout, check=True, capture_output=True)
        feeder.wait()
        times = opened(browser, options.page, log)
        size = sum(file.stat().st_size for file in log.glob('*.dwal'))
        memory = browser.run('datawalPage.store.summary.memory_bytes')
        print(f'  {options.rows} rows, {size / 1e6:.0f} MB: drawn after {times["drawn"]:.0f} ms, {memory / options.rows:.0f} B a record; '
              'frames while scrolling, median, 99 %, longest: '
              + ', '.join(f'{frame:.1f} ms' for frame in browser.run(FRAMES)))
    shutil.rmtree(scratch)


if __name__ == '__main__':
    main()
