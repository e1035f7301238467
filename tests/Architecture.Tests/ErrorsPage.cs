using System.Globalization;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Architecture.Tests;

/// <summary>Writes <c>docs/errors.md</c>: a table for each group of codes; a code's group is the part before its dot.</summary>
internal static class ErrorsPage
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");
    private static readonly CultureInfo Japanese = CultureInfo.GetCultureInfo("ja");

    public static string Of(IEnumerable<ProblemCode> codes)
    {
        var page = new StringBuilder("""
            # Errors

            Generated from the code; a test compares it. `HIKYAKU_ACCEPT=1` in the test's environment writes it anew.

            A request that is refused or fails is answered with problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), `application/problem+json`. Programs should compare the codes, which never change; texts may change. Texts are Japanese or English, as the request's `Accept-Language` says, and English without one.

            | field | meaning |
            | --- | --- |
            | `type` | `urn:hikyaku:problem:` and the code of the first error. |
            | `title` | What the HTTP status means. |
            | `status` | The HTTP status: that of the first error. |
            | `detail` | The texts of all errors. |
            | `errors` | Every broken rule: its `code`, its text (`detail`) and, when one field of the request broke it, that `field`. |

            A word in braces is replaced by a value, such as the limit that was exceeded. An answer with the status 429 or 503 says in `Retry-After` after how many seconds the request can be tried again. The same codes stand in the problems of a CSV file's rows.


            """);
        foreach (var group in codes.GroupBy(GroupOf).OrderBy(g => g.Key, StringComparer.Ordinal)) Write(page, group);
        return page.ToString().TrimEnd() + "\n";
    }

    private static string GroupOf(ProblemCode code) => code.Code.Split('.')[0];

    private static void Write(StringBuilder page, IGrouping<string, ProblemCode> group)
    {
        page.Append(null, $"## {group.Key}\n\n| code | status | English | Japanese |\n| --- | --- | --- | --- |\n");
        foreach (var code in group.OrderBy(c => c.Code, StringComparer.Ordinal))
            page.Append(null, $"| `{code.Code}` | {code.Status} | {Cell(code, English)} | {Cell(code, Japanese)} |\n");
        page.Append('\n');
    }

    private static string Cell(ProblemCode code, CultureInfo language)
        => code.Texts.GetString(code.Code, language)!.Trim()
            .Replace("\n", " ", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
