#include "html.hpp"

#include <fmt/format.h>

namespace vitrum::report {
namespace {

constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--page:#fff;--text:#1c1e21;--soft:#5a616b;--line:#d9dde2;--card:#f6f7f9;--link:#0060a8;--warn:#fff4dc;--warn-line:#e0a100}
@media (prefers-color-scheme:dark){:root{--page:#16181c;--text:#e4e6ea;--soft:#a2a9b4;--line:#353a42;--card:#1f2228;--link:#6cb6ff;--warn:#3a2f12;--warn-line:#b98900}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:68rem;margin:0 auto;padding:1.2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:.4rem 0}
h2{font-size:1.25rem;margin:2.4rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .4rem}
a{color:var(--link)}
.meta,figcaption,.note{color:var(--soft);font-size:.88rem}
.summary{font-size:1.06rem}
nav{font-size:.92rem}nav a{margin-right:1em;white-space:nowrap}
.warnings{background:var(--warn);border-left:4px solid var(--warn-line);padding:.5rem 1rem;margin:1rem 0}
.warnings ul{margin:.2rem 0;padding-left:1.2rem}
figure{margin:1rem 0 1.4rem}
figure .card{background:#fff;color:#000;--page:#fff;border:1px solid var(--line);border-radius:6px;padding:.5rem;text-align:center;overflow-x:auto}
figure .card>div>svg{display:block;width:100%;height:auto}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:0 1.2rem;align-items:start}
figcaption{margin-top:.35rem}
@media (prefers-color-scheme:dark){figure .card{filter:brightness(.9)}}
.scroll{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .6rem;text-align:left;white-space:nowrap;border-bottom:1px solid var(--line)}
th{background:var(--card);font-weight:600}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--link)}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.8rem;overflow-x:auto;font:13px/1.45 "DejaVu Sans Mono",ui-monospace,monospace}
.wrap td{white-space:normal;overflow-wrap:anywhere}
@media print{.pair{display:block}body{background:#fff;color:#000;font-size:10.5pt}nav{display:none}main{max-width:none;padding:0}figure,table{break-inside:avoid}h2,h3{break-after:avoid}figure .card{border:0;filter:none}.scroll{overflow:visible}}
)css";

} // namespace

std::string element(std::string_view name, std::string_view inner, std::string_view attributes) {
  return fmt::format(
      "<{}{}{}>{}</{}>\n", name, attributes.empty() ? "" : " ", attributes, inner, name);
}

std::string Table::html() const {
  std::string head, body;
  for (const std::string& cell : header_)
    head += fmt::format("<th scope=\"col\">{}</th>", escaped(cell));
  for (const auto& row : rows_) {
    std::string cells;
    for (const std::string& cell : row)
      cells += fmt::format("<td>{}</td>", escaped(cell));
    body += fmt::format("<tr>{}</tr>\n", cells);
  }
  const std::string top = header_.empty() ? "" : fmt::format("<thead><tr>{}</tr></thead>\n", head);
  return fmt::format("<div class=\"scroll{}\"><table>\n{}<tbody>\n{}</tbody></table></div>\n",
                     header_.empty() ? " wrap" : "",
                     top,
                     body);
}

std::string details(std::string_view summary, std::string_view inner) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", escaped(summary), inner);
}

std::string whole_page(std::string_view title, std::string_view body) {
  return fmt::format("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n"
                     "</body>\n</html>\n",
                     escaped(title),
                     style,
                     body);
}

} // namespace vitrum::report
