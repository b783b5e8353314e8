// One result: its views at the left, the chosen one beside them.
import { useMemo, useState } from 'react';

import { get, isResult, type Folder, type Result } from './api';
import { FigureView } from './figure';
import { PixelPage } from './pixels';
import { TwoTimePage } from './twotime';
import { VariancePage } from './variance';
import { goTo, useFileState, useKeys, useLoaded } from './use';

interface View {
  name: string;
  title: string;
  each: string;
  count: number;
}

function viewsOf(result: Result): View[] {
  const views: View[] = [];
  if (result.maps.length > 0) {
    views.push({ name: 'map', title: 'Explore C(t₁, t₂)', each: 'bin', count: result.maps.length });
  }
  if (result.pixels) {
    views.push({ name: 'pixels', title: 'Explore the pixels', each: '', count: 1 });
  }
  if (result.variances.length > 0) {
    views.push({ name: 'corrections', title: 'Corrections of V(k)', each: '', count: 1 });
  }
  views.push(...result.figures);
  views.push({ name: 'numbers', title: 'All numbers', each: '', count: 1 });
  views.push({ name: 'origin', title: 'Origin', each: '', count: 1 });
  return views;
}

function NumbersView({ result }: { result: Result }) {
  const [filter, setFilter] = useState('');
  const words = filter.toLowerCase().split(/\s+/u).filter(Boolean);
  const shown = result.numbers.filter((n) => words.every((w) => n.path.toLowerCase().includes(w)));
  return (
    <section className="scroll">
      <input
        type="search"
        placeholder="filter: bin/1 tau"
        aria-label="filter"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <table className="plain">
        <tbody>
          {shown.map((number) => (
            <tr key={number.path}>
              <td>
                <code>{number.path}</code>
              </td>
              <td>{number.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function OriginView({ result }: { result: Result }) {
  const list = (title: string, items: string[]) =>
    items.length > 0 && (
      <>
        <h2>{title}</h2>
        <ul>
          {items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      </>
    );
  return (
    <section className="scroll text">
      {list('Warnings', result.warnings)}
      <h2>Made by</h2>
      <p>
        vitrum {result.version}, {result.date.replace('T', ' ').replace('Z', ' UTC')}
      </p>
      <pre>{result.command_line}</pre>
      {list('From', result.inputs)}
      {list('Corrections', result.corrections)}
    </section>
  );
}

interface Props {
  file: string;
  view: string | undefined;
  number: number;
  only: boolean;
}

export function ResultPage({ file, view, number, only }: Props) {
  const state = useFileState(() => get<{ state: string }>('state', { file }));
  const loaded = useLoaded(`${file} ${state}`, (signal) => get<Result>('result', { file }, signal), true);
  const folder = useLoaded(only ? undefined : 'folder', (signal) => get<Folder>('folder', {}, signal));
  const result = loaded.value;
  const views = useMemo(() => (result === undefined ? [] : viewsOf(result)), [result]);
  const place = Math.max(
    0,
    views.findIndex((v) => v.name === view),
  );
  const current = views[place];
  const count = current?.count ?? 1;
  const at = Math.min(Math.max(Number.isInteger(number) ? number : 1, 1), count);
  const neighbour = (step: number) => {
    const entries = (folder.value?.entries ?? []).filter((entry) => entry.kind !== '');
    const next = entries[entries.findIndex((entry) => entry.path === file) + step];
    if (next === undefined) {
      return;
    }
    if (isResult(next)) {
      goTo('result', next.path, current?.name ?? view ?? 'map', at);
    } else {
      goTo('frames', next.path);
    }
  };
  const show = (step: number) => {
    const next = views[place + step];
    if (next !== undefined) {
      goTo('result', file, next.name, at);
    }
  };
  const turn = (step: number) => {
    if (current !== undefined && at + step >= 1 && at + step <= count) {
      goTo('result', file, current.name, at + step);
    }
  };
  useKeys({
    n: () => neighbour(1),
    p: () => neighbour(-1),
    j: () => show(1),
    k: () => show(-1),
    ']': () => turn(1),
    '[': () => turn(-1),
    Backspace: () => {
      if (!only) {
        goTo();
      }
    },
  });
  if (loaded.problem !== undefined && loaded.value === undefined) {
    return (
      <main className="text">
        <p className="problem">{loaded.problem}</p>
        {!only && <a href="#/">back to the list</a>}
      </main>
    );
  }
  if (result === undefined || current === undefined) {
    return <p className="note text">opening {file} …</p>;
  }
  let content = <FigureView key={current.name} values={{ file, figure: current.name, number: at }} state={state} />;
  if (current.name === 'map') {
    const bin = result.maps[at - 1]?.bin ?? 1;
    content = <TwoTimePage key={`${file} ${bin}`} file={file} bin={bin} />;
  } else if (current.name === 'pixels') {
    content = <PixelPage key={file} file={file} />;
  } else if (current.name === 'corrections') {
    content = <VariancePage result={result} />;
  } else if (current.name === 'numbers') {
    content = <NumbersView result={result} />;
  } else if (current.name === 'origin') {
    content = <OriginView result={result} />;
  }
  return (
    <main className="result">
      <nav aria-label="views">
        <div className="title">
          {!only && (
            <a href="#/" title="back to the list (Backspace)">
              ← all
            </a>
          )}
          <b title={result.title}>{file}</b>
          <span className="note">
            {result.kind}
            {result.warnings.length > 0 && (
              <a href={`#/result/${encodeURIComponent(file)}/origin`} className="warning">
                {' '}
                ⚠ {result.warnings.length}
              </a>
            )}
          </span>
        </div>
        <ul>
          {views.map((v) => (
            <li key={v.name}>
              <a
                href={`#/result/${encodeURIComponent(file)}/${v.name}/${at}`}
                aria-current={v === current ? 'page' : undefined}
              >
                {v.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="view">
        {count > 1 && (
          <div className="controls steps">
            <button type="button" disabled={at === 1} onClick={() => turn(-1)} title="previous ([)">
              ‹
            </button>
            <label>
              {current.each}{' '}
              <select
                value={at}
                aria-label={current.each}
                onChange={(event) => goTo('result', file, current.name, event.target.value)}
              >
                {Array.from({ length: count }, (_, i) => (
                  <option key={i} value={i + 1}>
                    {current.name === 'map' ? result.maps[i]?.title : i + 1}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" disabled={at === count} onClick={() => turn(1)} title="next (])">
              ›
            </button>
          </div>
        )}
        {content}
      </div>
    </main>
  );
}
