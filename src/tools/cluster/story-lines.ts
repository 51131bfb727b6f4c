/** Prints what happened to pods: events, lines that are updated in place, and the sum at the end. Pure. */
import { ageText, columns, counted } from './columns.ts'
import type { Happened, PodStory } from './story.ts'

/** One line that stays; `beganAt`: of the watch, on the stories' clock. */
export function happenedLine({ kind, story }: Happened, beganAt: number, now: number): string {
  return `${clockText(now - beganAt)}  ${story.name}  ${said(kind, story, now)}`
}

/** How long a watch lasts, in front of a line. */
export function clockText(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)}s`
}

function said(kind: Happened['kind'], story: PodStory, now: number): string {
  switch (kind) {
    case 'appeared':
      return 'new pod'
    case 'ready':
      return `ready after ${ageText(now - story.seenAt)}`
    case 'stopping':
      return 'told to stop'
    case 'phase':
      return doing(story)
    case 'gone':
      return `gone after ${ageText(now - story.stoppedAt!)}: ${briefly(story)}`
    default:
      return kind satisfies never
  }
}

/** `drained in 7.8 s, 41 saved, 0 cut`; the whole line has more than a terminal is wide, and is in the data. */
function briefly({ verdict }: PodStory): string {
  if (verdict === undefined) return 'the pod had no lastcall'
  const { saved, cut, drainMs, text } = verdict
  if (saved === undefined || cut === undefined || drainMs === undefined) return text
  return `${/^[^(:,]*[^(:, ]/.exec(text)?.[0] ?? ''}, ${saved} saved, ${cut} cut`
}

/** `lame-duck, 3 in flight, 12 saved` */
function doing({ answer, pod, state }: PodStory): string {
  if (pod.sidecar === undefined) return 'stopping, without lastcall'
  if (state?.kind === 'ended') return 'lastcall has ended'
  if (answer === undefined) return 'told to stop'
  const { phase, inFlight, saved } = answer
  return [phase, `${inFlight} in flight`, ...(saved === undefined ? [] : [`${saved} saved`])].join(', ')
}

/** Lines that move: pods that are being stopped, those that are not ready yet, and how far it all is. */
export function movingLines(
  stories: readonly PodStory[],
  progress: string,
  beganAt: number,
  now: number,
): string[] {
  const rows = stories
    .filter(({ goneAt, pod, stoppedAt }) => goneAt === undefined && (stoppedAt !== undefined || !pod.ready))
    .map((story) => [
      story.name,
      ageText(now - (story.stoppedAt ?? story.seenAt)),
      story.stoppedAt === undefined ? `starting${trouble(story)}` : doing(story),
    ])
  const width = Math.max(0, ...rows.map(([name]) => name!.length))
  return [
    ...rows.map(([name, age, what]) => `  ${name!.padEnd(width)}  ${age!.padStart(5)}  ${what}`),
    `${clockText(now - beganAt)}  ${progress}`,
  ]
}

function trouble({ pod }: PodStory): string {
  return pod.trouble === undefined ? '' : ` (${pod.trouble})`
}

export interface Sum {
  readonly stopped: readonly PodStory[]
  readonly saved: number
  readonly cut: number
  /** Pods with lastcall without a verdict. */
  readonly unknown: number
  readonly bare: number
}

/** Adds up what became of the pods that were stopped and are gone. */
export function sumOf(stories: readonly PodStory[]): Sum {
  const stopped = stories.filter(({ goneAt }) => goneAt !== undefined)
  const verdicts = stopped.flatMap(({ verdict }) => verdict ?? [])
  return {
    stopped,
    saved: verdicts.reduce((sum, { saved }) => sum + (saved ?? 0), 0),
    cut: verdicts.reduce((sum, { cut }) => sum + (cut ?? 0), 0),
    unknown: verdicts.filter(({ cut }) => cut === undefined).length,
    bare: stopped.length - verdicts.length,
  }
}

/** The table of verdicts and the sum in a sentence. */
export function sumLines({ stopped, saved, cut, unknown, bare }: Sum): string[] {
  const rows = stopped.map(({ name, verdict, stoppedAt, goneAt }) => [
    name,
    figure(verdict?.saved),
    figure(verdict?.cut),
    verdict?.drainMs === undefined ? '?' : ageText(verdict.drainMs),
    ageText(goneAt! - stoppedAt!),
  ])
  const table = columns(['POD', 'SAVED', 'CUT', 'DRAIN', 'GONE AFTER'], rows)
  if (stopped.length === 0) return ['No pod was stopped.']
  return [
    ...table,
    '',
    `${counted(stopped.length, 'pod')} stopped: ${counted(saved, 'request')} saved (finished after the pod was told to stop), ${cut} cut.`,
    ...(unknown === 0 ? [] : [`Unknown for ${counted(unknown, 'pod')} without a verdict.`]),
    ...(bare === 0
      ? []
      : [`Unknown for ${counted(bare, 'pod')} without lastcall, which counts the requests.`]),
  ]
}

function figure(value: number | undefined): string {
  return value === undefined ? '?' : String(value)
}

/** The same as data; times are ms since the watch began. */
export function storyData(stories: readonly PodStory[], beganAt: number): object {
  const since = (at: number | undefined) => (at === undefined ? null : Math.round(at - beganAt))
  const { saved, cut, unknown, bare } = sumOf(stories)
  return {
    saved,
    cut,
    unknown: unknown + bare,
    pods: stories.map((story) => ({
      name: story.name,
      old: story.old,
      lastcall: story.pod.sidecar !== undefined,
      ready: story.goneAt === undefined && story.pod.ready,
      readyAtMs: since(story.readyAt),
      stoppedAtMs: since(story.stoppedAt),
      goneAtMs: since(story.goneAt),
      phases: story.phases.map(({ phase, at }) => ({ phase, atMs: since(at) })),
      verdict:
        story.verdict === undefined
          ? null
          : {
              saved: story.verdict.saved ?? null,
              cut: story.verdict.cut ?? null,
              drainMs: story.verdict.drainMs ?? null,
              source: story.verdict.source,
              text: story.verdict.text,
            },
    })),
  }
}
