// Analyses: a form for every command, and what runs.
import { useEffect, useMemo, useRef, useState } from 'react';

import {
  get,
  post,
  type FormCommand,
  type FormSetting,
  type Job,
  type JobRequest,
  type JobWords,
} from './api';
import { goTo, useKeys, useLoaded, usePolled } from './use';

const pollMs = 500;
const restMs = 150;
type Typed = Record<string, string>;

function Field({ setting, text, change }: {
  setting: FormSetting;
  text: string | undefined;
  change: (text: string | undefined) => void;
}) {
  const { choices } = setting;
  const files = /FILE|SERIES|RESULT|PATTERNS|XYZ|TRAJECTORY/u.test(setting.value);
  let field = (
    <input
      type="text"
      list={files ? 'files' : undefined}
      placeholder={setting.default || setting.value}
      value={text ?? ''}
      onChange={(event) => change(event.target.value === '' ? undefined : event.target.value)}
    />
  );
  if (setting.type === 'switch') {
    field = (
      <input
        type="checkbox"
        checked={text === 'true'}
        onChange={(event) => change(event.target.checked ? 'true' : undefined)}
      />
    );
  } else if (choices.length > 0) {
    field = (
      <select value={text ?? ''} onChange={(event) => change(event.target.value || undefined)}>
        <option value="">{setting.default || '–'}</option>
        {choices
          .filter((choice) => choice !== setting.default)
          .map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
      </select>
    );
  }
  return (
    <label className="field" data-changed={text !== undefined}>
      <span>{setting.name}</span>
      {field}
      <small>
        {setting.help}
        {setting.needs !== '' && !setting.needs.startsWith('no ') && `; with ${setting.needs}`}
      </small>
    </label>
  );
}

function Inputs({ command, inputs, change }: {
  command: FormCommand;
  inputs: string[];
  change: (inputs: string[]) => void;
}) {
  if (command.max_inputs === 0) {
    return null;
  }
  const shown = command.max_inputs > inputs.length ? [...inputs, ''] : inputs;
  return (
    <fieldset className="inputs">
      <legend>{command.inputs}</legend>
      {shown.map((input, index) => (
        <input
          key={index}
          type="text"
          list="files"
          aria-label={`${command.inputs} ${index + 1}`}
          placeholder="a file of the folder, file.h5::/path/of/frames"
          value={input}
          onChange={(event) => {
            const next = [...inputs];
            next[index] = event.target.value;
            change(next.filter((name) => name !== ''));
          }}
        />
      ))}
    </fieldset>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  const [told, setTold] = useState(false);
  const words = useRef<HTMLElement>(null);
  return (
    <div className="words">
      <code ref={words}>{text}</code>
      <button
        type="button"
        title={`copy ${label}`}
        onClick={() => {
          if (!window.isSecureContext && words.current !== null) {
            window.getSelection()?.selectAllChildren(words.current); // to be copied by hand
            return;
          }
          void navigator.clipboard.writeText(text).then(() => {
            setTold(true);
            setTimeout(() => setTold(false), 1000);
          });
        }}
      >
        {told ? 'copied' : label}
      </button>
    </div>
  );
}

function JobCard({ job, changed }: { job: Job; changed: () => void }) {
  const active = job.status === 'running' || job.status === 'queued';
  return (
    <article className="job" data-status={job.status} aria-label={`job ${job.number}`}>
      <header>
        <b>{job.number}</b> <span className="status">{job.status}</span>
        {active && (
          <button
            type="button"
            onClick={() => void post('cancel', { number: job.number }).then(changed)}
          >
            cancel
          </button>
        )}
        {job.status === 'done' && job.output.endsWith('.h5') && (
          <a href={`#/open/${encodeURIComponent(job.output)}`}>open {job.output}</a>
        )}
      </header>
      <Copied label="command" text={job.command_line} />
      {job.status === 'running' && <progress value={job.done} max={job.total > 0 ? job.total : 1} />}
      {job.status === 'running' && <div className="note">{job.progress}</div>}
      {job.status === 'failed' && <p className="problem">{job.text}</p>}
      {job.log.length > 0 && (
        <details open={job.status === 'running'}>
          <summary>{job.log.length} messages</summary>
          <pre>{job.log.join('\n')}</pre>
        </details>
      )}
      {job.status === 'done' && (
        <details>
          <summary>what it says</summary>
          <pre>{job.text}</pre>
        </details>
      )}
    </article>
  );
}

/** What the request is called elsewhere, or why it is none; once the typing rests. */
function useWordsOf(request: JobRequest): { words?: JobWords; problem?: string } {
  const [state, setState] = useState<{ words?: JobWords; problem?: string }>({});
  const text = JSON.stringify(request);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      post<JobWords>('check', JSON.parse(text), abort.signal)
        .then((words) => setState({ words }))
        .catch((error: unknown) => {
          if (!abort.signal.aborted) {
            setState({ problem: error instanceof Error ? error.message : String(error) });
          }
        });
    }, restMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  return state;
}

function Form({ command, input, started }: {
  command: FormCommand;
  input: string | undefined;
  started: () => void;
}) {
  const [inputs, setInputs] = useState<string[]>(input === undefined ? [] : [input]);
  const [typed, setTyped] = useState<Typed>({});
  const [filter, setFilter] = useState('');
  const [problem, setProblem] = useState<string>();
  const [opened, setOpened] = useState<Record<string, boolean>>({ output: true });
  const values = command.settings
    .filter((setting) => typed[setting.name] !== undefined)
    .map((setting): [string, string] => [setting.name, typed[setting.name] ?? '']);
  const request: JobRequest = { command: command.name, inputs, values };
  const words = useWordsOf(request);
  const sought = filter.toLowerCase().split(/\s+/u).filter(Boolean);
  const groups = useMemo(() => [...new Set(command.settings.map((s) => s.group))], [command]);
  const shown = (setting: FormSetting) =>
    sought.every((word) => `${setting.name} ${setting.help}`.toLowerCase().includes(word));
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        setProblem(undefined);
        post('run', request)
          .then(started)
          .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
      }}
    >
      <Inputs command={command} inputs={inputs} change={setInputs} />
      <input
        type="search"
        placeholder="find a setting"
        aria-label="find a setting"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      {groups.map((group) => {
        const settings = command.settings.filter((s) => s.group === group && shown(s));
        const changed = settings.filter((s) => typed[s.name] !== undefined).length;
        return (
          settings.length > 0 && (
            <details
              key={group}
              open={sought.length > 0 || opened[group] === true}
              onToggle={(event) => {
                const { open } = event.currentTarget;
                if (sought.length === 0 && open !== (opened[group] === true)) {
                  setOpened((old) => ({ ...old, [group]: open }));
                }
              }}
            >
              <summary>
                {group} <span className="note">{changed > 0 ? `${changed} set` : ''}</span>
              </summary>
              {settings.map((setting) => (
                <Field
                  key={setting.name}
                  setting={setting}
                  text={typed[setting.name]}
                  change={(text) => {
                    setOpened((old) => ({ ...old, [group]: true }));
                    setTyped((old) => {
                      const next = { ...old };
                      if (text === undefined) {
                        delete next[setting.name];
                      } else {
                        next[setting.name] = text;
                      }
                      return next;
                    });
                  }}
                />
              ))}
            </details>
          )
        );
      })}
      <footer>
        {words.words !== undefined && (
          <>
            <Copied label="command" text={words.words.command_line} />
            <Copied label="Python" text={words.words.python} />
          </>
        )}
        {(problem ?? words.problem) !== undefined && <p className="problem">{problem ?? words.problem}</p>}
        <button type="submit" className="run" disabled={words.problem !== undefined}>
          run
        </button>
      </footer>
    </form>
  );
}

export function JobsPage({ command, input }: { command: string | undefined; input: string | undefined }) {
  const table = useLoaded('commands', (signal) => get<FormCommand[]>('commands', {}, signal));
  const files = useLoaded('files', (signal) => get<string[]>('files', {}, signal));
  const list = usePolled((signal) => get<Job[]>('jobs', {}, signal), pollMs);
  const jobs = list.value ?? [];
  useKeys({ Backspace: () => goTo() });
  const all = table.value ?? [];
  const current = all.find((one) => one.name === (command ?? 'xpcs')) ?? all[0];
  return (
    <main className="jobs">
      <section className="scroll">
        <div className="controls">
          <a href="#/" title="back to the list (Backspace)">
            ← all
          </a>
          <select
            aria-label="command"
            value={current?.name ?? ''}
            onChange={(event) => goTo('jobs', event.target.value)}
          >
            {all.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
          <span className="note">{current?.summary}</span>
        </div>
        {table.problem !== undefined && <p className="problem">{table.problem}</p>}
        {current !== undefined && (
          <Form key={`${current.name} ${input ?? ''}`} command={current} input={input} started={list.again} />
        )}
        <datalist id="files">
          {(files.value ?? []).map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </section>
      <section className="scroll list" aria-label="jobs">
        {list.problem !== undefined && <p className="problem">{list.problem}</p>}
        {jobs.length === 0 && <p className="note">Nothing has been started yet.</p>}
        {jobs.map((job) => (
          <JobCard key={job.number} job={job} changed={list.again} />
        ))}
      </section>
    </main>
  );
}
