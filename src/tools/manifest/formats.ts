/**
 * Findings in the formats that CI systems show: workflow commands of GitHub (docs.github.com, "Workflow commands for
 * GitHub Actions"), SARIF 2.1.0 (OASIS), and JUnit's XML as Jenkins and GitLab read it. Pure.
 */
import type { Reported } from './reported.ts'

/** One `::error` or `::warning` command for each finding. */
export function githubCommands(all: readonly Reported[]): string {
  return all.map(workflowCommand).join('\n')
}

function workflowCommand(one: Reported): string {
  const what = `${one.message}\n${one.object} ${one.path}\nRequests: ${one.requests}\nFix: ${one.fix}`
  return `::${one.severity} file=${property(one.file)},line=${one.line},title=${property(`lastcall ${one.rule}`)}::${data(what)}`
}

function data(said: string): string {
  return said.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(said: string): string {
  return data(said).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** One run, with the rules that found something and a result for each finding. */
export function sarif(all: readonly Reported[]): string {
  const rules = new Map(all.map((one) => [one.rule, one]))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'lastcall',
            rules: [...rules.values()].map(({ rule, severity, message, requests, fix }) => ({
              id: rule,
              shortDescription: { text: message.slice(0, message.indexOf(': ')) },
              fullDescription: { text: requests },
              help: { text: fix },
              defaultConfiguration: { level: severity },
            })),
          },
        },
        results: all.map((one) => ({
          ruleId: one.rule,
          ruleIndex: [...rules.keys()].indexOf(one.rule),
          level: one.severity,
          message: { text: `${one.object}: ${one.message}` },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri: one.file }, region: { startLine: one.line } },
              logicalLocations: [{ fullyQualifiedName: `${one.object} ${one.path}` }],
            },
          ],
        })),
      },
    ],
  }
  return JSON.stringify(log, undefined, 2)
}

/** A test case for each finding, failed if it is an error; one that passed if there is none. */
export function junit(all: readonly Reported[]): string {
  const failed = all.filter(({ severity }) => severity === 'error').length
  const cases = all.map((one) => {
    const said = `${one.file}:${one.line}: ${one.message}`
    const text = xml(`${said}\n${one.object} ${one.path}\nRequests: ${one.requests}\nFix: ${one.fix}`)
    const inside =
      one.severity === 'error'
        ? `<failure type="${xml(one.rule)}" message="${xml(said)}">${text}</failure>`
        : `<system-out>${text}</system-out>`
    return `    <testcase classname="${xml(one.rule)}" name="${xml(`${one.object} ${one.path}`)}" file="${xml(one.file)}" line="${one.line}">${inside}</testcase>`
  })
  if (cases.length === 0) cases.push('    <testcase classname="lastcall" name="check"/>')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="lastcall check" tests="${cases.length}" failures="${failed}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

/** Escapes text or the value of an attribute. Control characters, which XML 1.0 does not allow, become question marks. */
function xml(said: string): string {
  return said.replace(/[^\n\t\P{Cc}]/gu, '?').replace(/[&<>"\n]/g, (one) => ENTITIES[one]!)
}
