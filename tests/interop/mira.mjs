// A running Mira for tests: starts the program on a free port with a configuration and a data directory of its own, and
// stops it by its process. The program is named by the environment (MIRA), else it is the release build.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const program = path.resolve(process.env.MIRA ?? path.join(here, '../../build/release/mira'));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Mira {
  // Secrets in the configuration are env:NAME; env holds their values.
  static async start(config, env = {}) {
    const mira = new Mira();
    mira.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mira-interop-'));
    mira.data = path.join(mira.folder, 'data');
    mira.file = path.join(mira.folder, 'mira.json');
    mira.env = env;
    mira.agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    mira.configure(config);
    await mira.launch();
    return mira;
  }

  configure(config) {
    fs.writeFileSync(this.file, JSON.stringify({ webhook: { port: 0 }, ...config }, null, 1));
  }

  async launch() {
    this.log = '';
    this.process = spawn(program, ['serve', '--config', this.file, '--data', this.data], {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let ended = false;
    this.gone = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => {
        ended = true;
        resolve(code ?? signal);
      });
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.log += text));
    }
    for (let waited = 0; ; waited += 10) {
      const ready = /mira\.ready .*?port=(\d+)/.exec(this.log);
      if (ready) {
        this.port = Number(ready[1]);
        return;
      }
      if (ended || waited > 60_000) throw new Error(`Mira is not ready:\n${this.log}`);
      await sleep(10);
    }
  }

  async stop() {
    this.agent.destroy();
    this.process.kill('SIGTERM');
    const code = await this.gone;
    fs.rmSync(this.folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`Mira ended with ${code}:\n${this.log}`);
  }

  async restart() {
    this.agent.destroy();
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    this.process.kill('SIGTERM');
    const code = await this.gone;
    if (code !== 0) throw new Error(`Mira ended with ${code}:\n${this.log}`);
    await this.launch();
  }

  // headers: a list of [name, value]; sent as they stand, so that one may come twice or be empty.
  request({ method = 'POST', target, headers = [], body = Buffer.alloc(0), host }) {
    const bytes = Buffer.from(body);
    const all = [['Host', host ?? `127.0.0.1:${this.port}`], ...headers];
    if (method === 'POST') all.push(['Content-Length', String(bytes.length)]);
    return new Promise((resolve, reject) => {
      const sent = http.request(
        { host: '127.0.0.1', port: this.port, method, path: target, headers: all.flat(), agent: this.agent, setHost: false },
        (answer) => {
          const parts = [];
          answer.on('data', (part) => parts.push(part));
          answer.on('error', reject);
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString();
            let json;
            try {
              json = JSON.parse(text);
            } catch {
              json = undefined;
            }
            resolve({ status: answer.statusCode, headers: answer.headers, text, json });
          });
        },
      );
      sent.setTimeout(30_000, () => sent.destroy(new Error('no answer in 30 s')));
      sent.on('error', reject);
      sent.end(method === 'POST' ? bytes : undefined);
    });
  }

  // Sends bytes as they are, then closes its end.
  send(bytes) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1', () => socket.end(bytes));
      const parts = [];
      socket.on('data', (part) => parts.push(part));
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(parts).toString()));
    });
  }

  // Every event in the journal, its body as bytes.
  events() {
    const done = spawnSync(program, ['journal', 'dump', path.join(this.data, 'journal'), '--json'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (done.status !== 0) throw new Error(`journal dump: ${done.stderr}`);
    return done.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .map((event) => ({ ...event, body: Buffer.from(event.body_base64, 'base64') }));
  }
}
