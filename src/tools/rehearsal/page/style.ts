/** The style sheet of the reports: light and dark, for wide and narrow windows, and for paper. Pure data. */

import { paint } from '../palette.ts'

const LIGHT = `--page:#f6f8fa;--card:#fff;--ink:#1f2328;--pale:#59636e;--line:#d1d9e0;--good:#1a7f37;--bad:#cf222e;--good-wash:#dafbe1;--bad-wash:#ffebe9;--code:#eff2f5`
const DARK = `--page:#0d1117;--card:#151b23;--ink:#e6edf3;--pale:#9198a1;--line:#30363d;--good:#3fb950;--bad:#ff7b72;--good-wash:#12261e;--bad-wash:#2d1517;--code:#262c36`

export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
${paint('light')}
@media (prefers-color-scheme:dark){
:root{${DARK}}
${paint('dark')}
}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1160px;margin:0 auto;padding:28px 20px 40px}
h1{font-size:28px;line-height:1.25;margin:0;text-wrap:balance}
h2{font-size:21px;line-height:1.3;margin:44px 0 8px}
h3{font-size:17px;line-height:1.35;margin:26px 0 8px}
p,ul,ol,dl{margin:8px 0}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);border-radius:4px;padding:1px 5px;overflow-wrap:anywhere}
a{color:inherit}
.lead{color:var(--pale);max-width:75ch}
.verdict{display:flex;gap:16px;align-items:flex-start;background:var(--card);border:1px solid var(--line);border-left:6px solid var(--good);border-radius:10px;padding:20px 22px}
.verdict.bad{border-left-color:var(--bad)}
.verdict p{margin:6px 0 0;color:var(--pale)}
.sign{flex:none;width:36px;height:36px;border-radius:50%;background:var(--good-wash)}
.sign path{fill:none;stroke:var(--good);stroke-width:3;stroke-linecap:round;stroke-linejoin:round}
.bad .sign{background:var(--bad-wash)}
.bad .sign path{stroke:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:14px;margin:16px 0 0;padding:0;list-style:none}
.cards li,.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 18px}
ul.card{padding-left:36px}
.cards h2{font-size:17px;line-height:1.35;margin:0}
.cards .big{font-size:26px;line-height:1.3;font-weight:600;margin:6px 0 0;font-variant-numeric:tabular-nums}
.cards .big small{font-size:15px;font-weight:400;color:var(--pale)}
.cards p{margin:2px 0 8px}
.good{color:var(--good)}
.lost{color:var(--bad)}
.pale{color:var(--pale)}
.facts{display:grid;grid-template-columns:auto 1fr;gap:2px 14px;margin:8px 0 0;font-size:14px}
.facts dt{color:var(--pale)}
.facts dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:12px 0;list-style:none;font-size:13px}
.legend li{display:flex;gap:7px;align-items:center}
.legend svg{flex:none;overflow:visible}
figure{margin:12px 0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px 8px;break-inside:avoid}
figcaption{font-size:14px;color:var(--pale)}
figcaption b{color:var(--ink);font-size:15px;margin-right:6px}
.timeline{display:block;width:100%;padding:0 20px 0 78px;overflow:visible;font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;margin-top:2px}
.timeline a:hover rect{opacity:.6}
.stories{list-style:none;padding:0;margin:0}
.stories li{border-top:1px solid var(--line);padding:10px 0;break-inside:avoid;overflow-wrap:anywhere}
.stories li:first-child{border-top:0}
.stories li:target{background:var(--bad-wash);box-shadow:0 0 0 8px var(--bad-wash);border-color:transparent;border-radius:2px}
.stories p{margin:2px 0;font-size:15px}
.stories .what{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline}
.stories .what span{color:var(--pale);font-size:14px}
.stories .raw{font-size:13px;color:var(--pale)}
details{margin:12px 0}
details .stories{padding-top:4px}
summary{cursor:pointer;font-weight:600}
summary:focus-visible,.scroll:focus-visible,a:focus-visible{outline:2px solid currentColor;outline-offset:2px}
.note{color:var(--pale);font-size:14px;margin:0 0 6px;max-width:95ch}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:7px 14px 7px 0;border-top:1px solid var(--line);text-align:right;vertical-align:baseline;white-space:nowrap}
th:first-child,td:first-child,.codes,.words{text-align:left}
.words{white-space:normal;min-width:260px;overflow-wrap:anywhere}
thead th{border-top:0;color:var(--pale);font-weight:600}
th[scope=row]{font-weight:400}
tbody th[scope=rowgroup]{font-weight:600;padding-top:14px}
tr>:last-child{padding-right:0}
footer{margin-top:44px;color:var(--pale);font-size:14px}
@media (max-width:600px){
main{padding:14px 12px 28px}
h1{font-size:21px}
h2{font-size:19px;margin-top:32px}
.verdict{padding:14px;gap:12px}
.sign{width:28px;height:28px}
.wide{display:none}
figure{padding:10px 10px 6px}
.timeline{padding:0 10px 0 66px}
.timeline .answered rect,.timeline .late rect,.timeline .crossed rect{stroke-width:.6}
table,.note{font-size:13px}
th,td{padding-right:6px}
.stories .what{gap:0 12px}
.cards li,.card{padding:12px 14px}
}
@media print{
:root{${LIGHT}}
body{background:#fff;font-size:12px}
main{max-width:none;padding:0}
figure,.cards li,.card,.verdict{break-inside:avoid}
h2,h3{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`
