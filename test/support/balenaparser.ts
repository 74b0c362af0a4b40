import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { isRecord } from '../lab/odatarow';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What the compiled half of balena's compose parser makes of a file: short forms written out, as compose-go does it. It
 * cannot be had from npm; the other half, which says what balena accepts, is the real one. For use with `jest.mock` of `child_process`.
 */
export function composeGo(): { readonly execFile: object } {
  const run = (_program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> => {
    const file = args[args.indexOf('-f') + 1] ?? '';
    return Promise.resolve({ stdout: JSON.stringify(writtenOut(file)), stderr: '' });
  };
  return { execFile: Object.assign(() => undefined, { [promisify.custom]: run }) };
}

function writtenOut(file: string): Fields {
  const { services, volumes } = record(parse(readFileSync(file, 'utf8')));
  const writtenOutServices = Object.entries(record(services)).map(
    ([name, service]) => [name, writtenOutService(record(service), dirname(file))] as const,
  );
  return { volumes, services: Object.fromEntries<unknown>(writtenOutServices) };
}

function writtenOutService(service: Fields, folder: string): Fields {
  const { build, ports, volumes } = service;
  return {
    ...service,
    ...(typeof build === 'string' ? { build: { context: join(folder, build), dockerfile: 'Dockerfile' } } : {}),
    ...(Array.isArray(ports) ? { ports: ports.map((port) => writtenOutPort(String(port))) } : {}),
    ...(Array.isArray(volumes) ? { volumes: volumes.map((volume) => writtenOutVolume(String(volume))) } : {}),
  };
}

function writtenOutPort(text: string): Fields {
  const [published, target = ''] = text.split(':');
  return { target: Number(target), published, protocol: 'tcp' };
}

function writtenOutVolume(text: string): Fields {
  const [source = '', target] = text.split(':');
  return { type: /^[./]/.test(source) ? 'bind' : 'volume', source, target, volume: {} };
}

function record(value: unknown): Fields {
  return isRecord(value) ? value : {};
}
