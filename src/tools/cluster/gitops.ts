/**
 * Whether another tool manages an object: a GitOps tool would undo a change. Recognized by labels and annotations. Pure.
 */
import { at, text, type Branch } from '../manifest/tree.ts'
import { titleOf, type Live } from './live.ts'

export interface Owner {
  /** For messages: `Argo CD (application shop)`. */
  readonly who: string
  /** Whether it undoes changes of others by itself. Plain Helm does so only with the next upgrade. */
  readonly reverts: boolean
}

interface Sign {
  readonly where: 'labels' | 'annotations'
  readonly key: string
  readonly who: (value: string) => string
}

/**
 * Sources: Argo CD, "Resource Tracking"; Flux, the API references of Kustomization and HelmRelease; Config Sync,
 * "Labels and annotations"; Fleet. (Argo CD can also track by app.kubernetes.io/instance, which Helm sets as well.)
 */
const SIGNS: readonly Sign[] = [
  {
    where: 'annotations',
    key: 'argocd.argoproj.io/tracking-id',
    who: (id) => `Argo CD (application ${id.split(':', 1)[0]})`,
  },
  { where: 'labels', key: 'argocd.argoproj.io/instance', who: (name) => `Argo CD (application ${name})` },
  { where: 'labels', key: 'kustomize.toolkit.fluxcd.io/name', who: (name) => `Flux (Kustomization ${name})` },
  { where: 'labels', key: 'helm.toolkit.fluxcd.io/name', who: (name) => `Flux (HelmRelease ${name})` },
  { where: 'annotations', key: 'configmanagement.gke.io/managed', who: () => 'Config Sync' },
  { where: 'annotations', key: 'objectset.rio.cattle.io/id', who: (id) => `Fleet (${id})` },
]

/** The tool that manages the object; undefined if there is none. */
function ownerOf(object: Live): Owner | undefined {
  const metadata = object['metadata'] as Branch
  for (const { where, key, who } of SIGNS) {
    const value = text(at(metadata, where, key))
    if (value !== undefined && value !== 'disabled') return { who: who(value), reverts: true }
  }
  if (at(metadata, 'labels', 'app.kubernetes.io/managed-by') !== 'Helm') return undefined
  const release = text(at(metadata, 'annotations', 'meta.helm.sh/release-name'))
  return { who: release === undefined ? 'Helm' : `Helm (release ${release})`, reverts: false }
}

/** Why these objects must not be changed here; empty if they may be. */
export function ownedElsewhere(objects: readonly Live[]): string[] {
  return objects.flatMap((object) => {
    const owner = ownerOf(object)
    return owner?.reverts === true ? [`${titleOf(object)} is managed by ${owner.who}`] : []
  })
}

/** The objects whose next upgrade will undo the change. */
export function undoneLater(objects: readonly Live[]): string[] {
  return objects.flatMap((object) => {
    const owner = ownerOf(object)
    return owner?.reverts === false ? [`${titleOf(object)} is managed by ${owner.who}`] : []
  })
}
