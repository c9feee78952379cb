// Talks to the worker that runs the library.

export class Client {
  constructor(script, module, onProgress) {
    this.script = script;
    this.module = module;
    this.onProgress = onProgress;
    this.begin();
  }

  begin() {
    this.waiting = new Map();
    this.last = 0;
    const url = URL.createObjectURL(new Blob([this.script], {type: 'text/javascript'}));
    this.worker = new Worker(url);
    this.worker.onmessage = ({data}) => {
      if (data.progress !== undefined) return this.onProgress(data.progress);
      const {resolve, reject} = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.failed === undefined) resolve(data.result);
      else reject(new Error(data.failed));
    };
    this.worker.onerror = event => this.fail(new Error(event.message || 'the worker stopped'));
    this.ready = this.send('start', {module: this.module});
  }

  async ask(command, given = {}) {
    await this.ready;
    return this.send(command, given);
  }

  send(command, given) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.last, {resolve, reject});
      this.worker.postMessage({id: this.last, command, given});
    });
  }

  fail(error) {
    for (const {reject} of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  // Ends whatever runs; the library is synchronous, so that nothing else could. The store is to be opened again.
  cancel() {
    this.worker.terminate();
    this.fail(new Error('cancelled'));
    this.begin();
  }
}
