import { Component, useEffect, useRef, useState, type ReactNode } from 'react';

import { get, isResult, type Folder } from './api';
import { FolderPage } from './folder';
import { FramesPage } from './frames';
import { JobsPage } from './jobs';
import { ResultPage } from './result';
import { goTo, toggleTheme, useKeys, useLoaded, useTheme, useWords } from './use';

const help: [string, string][] = [
  ['↑ ↓', 'one result to the next, in the list'],
  ['Enter', 'open the result'],
  ['Backspace', 'back to the list'],
  ['a', 'analyses: start one, watch those that run'],
  ['n p', 'next, previous result, with the same view and bin'],
  ['[ ]', 'previous, next bin or page'],
  ['j k', 'next, previous view'],
  ['← →', 'move the range of ages, with Shift its length; of frames one, with Shift ten'],
  ['space', 'play frames'],
  ['Home End', 'first, last frame'],
  ['l', 'linear or logarithmic counts of frames'],
  ['h', 'hold the pixel that is shown'],
  ['r', 'all pixels again'],
  ['d', 'show or hide the diagonal'],
  ['c', 'next direction of cuts'],
  ['t', 'light or dark'],
  ['?', 'this list'],
];

const mouse: [string, string][] = [
  ['wheel', 'zoom; with Alt or Shift along x or y alone'],
  ['drag', 'move'],
  ['Ctrl + drag', 'zoom into a box'],
  ['Shift + drag on a map', 'range of ages: its g₂ and fit at once'],
  ['drag on I₀', 'the same'],
  ['click on a map', 'cut through this place'],
];

function HelpList({ title, rows }: { title: string; rows: [string, string][] }) {
  return (
    <>
      <h2>{title}</h2>
      <dl>
        {rows.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDivElement>(null);
  useEffect(() => dialog.current?.focus(), []);
  return (
    <div
      ref={dialog}
      className="help"
      role="dialog"
      aria-modal="true"
      aria-label="keys and mouse"
      tabIndex={-1}
      onClick={close}
    >
      <div className="card">
        <HelpList title="Keys" rows={help} />
        <HelpList title="Mouse" rows={mouse} />
      </div>
    </div>
  );
}

/** A file that is not known to be a result or frames. */
function Open({ file }: { file: string }) {
  const folder = useLoaded(file, (signal) => get<Folder>('folder', {}, signal));
  const entry = folder.value?.entries.find((one) => one.path === file);
  useEffect(() => {
    if (folder.value !== undefined) {
      const page = entry !== undefined && !isResult(entry) ? 'frames' : 'result';
      window.location.replace(`#/${page}/${encodeURIComponent(file)}`); // this is no page to come back to
    }
  }, [folder.value, entry, file]);
  return <p className="note text">{folder.problem ?? `opening ${file} …`}</p>;
}

/** What goes wrong while a page is drawn takes that page along, not all. */
class Boundary extends Component<{ children: ReactNode }, { problem?: string }> {
  public override state: { problem?: string } = {};

  public static getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  public override render(): ReactNode {
    return this.state.problem === undefined ? (
      this.props.children
    ) : (
      <main className="text">
        <p className="problem">{this.state.problem}</p>
        <a href="#/" onClick={() => window.location.reload()}>
          again
        </a>
      </main>
    );
  }
}

export function App() {
  const words = useWords();
  const theme = useTheme();
  const [helping, setHelping] = useState(false);
  const folder = useLoaded('folder', (signal) => get<Folder>('folder', {}, signal));
  useKeys({
    t: toggleTheme,
    a: () => folder.value?.jobs === true && goTo('jobs'),
    '?': () => setHelping(!helping),
    Escape: () => setHelping(false),
  });
  const only = folder.value?.only ?? '';
  const [page, file, view, number] = words;
  let content = <p className="note">…</p>;
  if (folder.problem !== undefined) {
    content = <p className="problem">{folder.problem}</p>;
  } else if (page === 'result' && file !== undefined) {
    content = <ResultPage file={file} view={view} number={Number(number ?? '1')} only={only !== ''} />;
  } else if (page === 'open' && file !== undefined) {
    content = <Open file={file} />;
  } else if (page === 'jobs') {
    content = <JobsPage command={file} input={view} />;
  } else if (page === 'frames' && file !== undefined) {
    content = <FramesPage key={file} file={file} jobs={folder.value?.jobs === true} />;
  } else if (only !== '') {
    content = <ResultPage file={only} view={view} number={1} only />;
  } else if (folder.value !== undefined) {
    content = <FolderPage />;
  }
  return (
    <div className="app" data-theme={theme}>
      <Boundary key={`${page ?? ''} ${file ?? ''}`}>{content}</Boundary>
      <button
        className="corner"
        type="button"
        title="keys and mouse (?)"
        aria-label="keys and mouse"
        onClick={() => setHelping(!helping)}
      >
        ?
      </button>
      {helping && <Help close={() => setHelping(false)} />}
    </div>
  );
}
