"""Chromium by its DevTools protocol and Firefox by WebDriver BiDi, without a package in between."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

from websocket import WebSocket

PATIENCE = 60  # seconds


class Browser:
    """One page. What differs between browsers is below."""

    def __init__(self, command, log):
        self.profile = pathlib.Path(tempfile.mkdtemp(prefix='datawal-page-'))
        self.log = open(self.profile / log, 'w+b')
        self.process = subprocess.Popen(
            [part.replace('PROFILE', str(self.profile)) for part in command], stdout=self.log, stderr=subprocess.STDOUT,
            env={**os.environ, 'HOME': str(self.profile), 'MOZ_HEADLESS': '1'})
        self.last = 0
        self.requests = []
        self.errors = []
        try:
            self.connect()
        except BaseException:
            self.close()
            raise

    def told(self, pattern):
        """What the browser prints when it listens."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.log.seek(0)
            found = re.search(pattern, self.log.read().decode(errors='replace'))
            if found:
                return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.log.seek(0)
        raise RuntimeError('the browser does not start: ' + self.log.read().decode(errors='replace')[-2000:])

    def ask(self, method, **params):
        self.last += 1
        self.socket.send(json.dumps({'id': self.last, 'method': method, 'params': params, **self.target()}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get('id') == self.last:
                if message.get('error'):
                    raise RuntimeError(f'{method}: {message["error"]} {message.get("message", "")}')
                return message['result']
            self.note(message)

    def target(self):
        return {}

    def wait(self, condition, patience=PATIENCE):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            value = self.run(f'!!({condition})')  # not the thing itself, which may be large
            if value:
                return value
            time.sleep(0.05)
        raise TimeoutError(f'{condition}; status: {self.run("document.getElementById(`status`).textContent")}')

    def close(self):
        if getattr(self, 'socket', None):
            self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Chromium(Browser):
    name = 'chromium'

    def __init__(self):
        super().__init__([
            'chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
            '--hide-scrollbars', '--remote-debugging-port=0', '--user-data-dir=PROFILE/profile', '--window-size=1280,1000',
            'about:blank'], 'chromium.log')

    def connect(self):
        port = self.told(r'DevTools listening on ws://127\.0\.0\.1:(\d+)/')
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/json') as answer:
            page = next(one for one in json.load(answer) if one['type'] == 'page')
        self.socket = WebSocket(page['webSocketDebuggerUrl'])
        for domain in ('Page', 'Runtime', 'Network', 'Log', 'DOM'):
            self.ask(domain + '.enable')

    def note(self, message):
        method, params = message.get('method'), message.get('params', {})
        if method == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'])
        if method == 'Runtime.exceptionThrown':
            self.errors.append(params['exceptionDetails'].get('exception', {}).get('description', str(params)))
        if method == 'Log.entryAdded' and params['entry']['level'] == 'error':
            self.errors.append(params['entry']['text'])

    def open(self, path):
        self.ask('Page.navigate', url='about:blank')
        self.requests.clear()
        self.errors.clear()
        self.ask('Page.navigate', url=pathlib.Path(path).resolve().as_uri() if '://' not in str(path) else str(path))
        self.wait('!!(window.datawalPage && (datawalPage.ready || datawalPage.error))')

    def run(self, script):
        result = self.ask('Runtime.evaluate', expression=script, awaitPromise=True, returnByValue=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(result['exceptionDetails'].get('exception', {}).get('description', str(result)))
        return result['result'].get('value')

    def choose(self, selector, paths):
        root = self.ask('DOM.getDocument')['root']['nodeId']
        node = self.ask('DOM.querySelector', nodeId=root, selector=selector)['nodeId']
        self.ask('DOM.setFileInputFiles', nodeId=node, files=[str(path) for path in paths])

    def drop(self, path, x=300, y=300):
        data = {'items': [], 'files': [str(path)], 'dragOperationsMask': 1}
        for kind in ('dragEnter', 'dragOver', 'drop'):
            self.ask('Input.dispatchDragEvent', type=kind, x=x, y=y, data=data)

    def key(self, key, code=None, windows=0, text=None):
        base = {'key': key, 'code': code or key, 'windowsVirtualKeyCode': windows}
        self.ask('Input.dispatchKeyEvent', type='keyDown', **base, **({'text': text} if text else {}))
        self.ask('Input.dispatchKeyEvent', type='keyUp', **base)

    def look_like(self, width, height=1000, dark=False):
        self.ask('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask('Emulation.setEmulatedMedia',
                 features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def picture(self, path, whole=False):
        params = {'format': 'png'}
        if whole:
            size = self.ask('Page.getLayoutMetrics')['cssContentSize']
            params.update(captureBeyondViewport=True, clip={**size, 'scale': 1})
        pathlib.Path(path).write_bytes(base64.b64decode(self.ask('Page.captureScreenshot', **params)['data']))


class Firefox(Browser):
    name = 'firefox'

    def __init__(self):
        super().__init__(['firefox-esr', '--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', 'PROFILE',
                          '--width', '1280', '--height', '1000'], 'firefox.log')

    def connect(self):
        address = self.told(r'WebDriver BiDi listening on (ws://[\d.:\[\]a-z]+)')
        self.socket = WebSocket(address + '/session')
        self.ask('session.new', capabilities={})
        self.context = self.ask('browsingContext.getTree')['contexts'][0]['context']
        self.ask('session.subscribe', events=['network.beforeRequestSent', 'log.entryAdded'])

    def note(self, message):
        method, params = message.get('method'), message.get('params', {})
        if method == 'network.beforeRequestSent':
            self.requests.append(params['request']['url'])
        if method == 'log.entryAdded' and params['level'] == 'error':
            self.errors.append(params.get('text') or str(params))

    def open(self, path):
        self.requests.clear()
        self.errors.clear()
        url = pathlib.Path(path).resolve().as_uri() if '://' not in str(path) else str(path)
        self.ask('browsingContext.navigate', context=self.context, url=url, wait='complete')
        self.wait('!!(window.datawalPage && (datawalPage.ready || datawalPage.error))')

    def run(self, script):
        wrapped = f'(async () => JSON.stringify(await ({script})) ?? null)()'
        result = self.ask('script.evaluate', expression=wrapped, target={'context': self.context}, awaitPromise=True)
        if result['type'] == 'exception':
            raise RuntimeError(result['exceptionDetails']['text'])
        value = result['result'].get('value')
        return None if value is None else json.loads(value)

    def choose(self, selector, paths):
        node = self.ask('browsingContext.locateNodes', context=self.context,
                        locator={'type': 'css', 'value': selector})['nodes'][0]
        self.ask('input.setFiles', context=self.context, element={'sharedId': node['sharedId']},
                 files=[str(path) for path in paths])

    def look_like(self, width, height=1000, dark=False):
        self.ask('browsingContext.setViewport', context=self.context, viewport={'width': width, 'height': height})

    def picture(self, path, whole=False):
        shot = self.ask('browsingContext.captureScreenshot', context=self.context,
                        origin='document' if whole else 'viewport')
        pathlib.Path(path).write_bytes(base64.b64decode(shot['data']))
