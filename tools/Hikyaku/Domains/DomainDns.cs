using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Domains;

/// <summary><c>hikyaku domain dns NAME</c>: the DNS records that were found and those that are expected, one a line.</summary>
internal static class DomainDns
{
    private static readonly string[] Kinds = ["mx", "ns", "spf", "dkim", "dmarc", "srv", "mtaSts", "tlsRpt", "dane"];

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var name = Inputs.Name("NAME", CommandTexts.DomainArgument);
        return runs.Act(new Command("dns", CommandTexts.DomainDns) { name }, async (run, stop) =>
        {
            var dns = await run.Api.GetAsync(ApiPath.Of($"domains/{run.Typed.GetRequiredValue(name)}/dns"), stop);
            run.Output.Answer(dns, () => Lines(dns, run.Output));
        });
    }

    private static IEnumerable<string> Lines(JsonNode dns, Printer output) =>
    [
        .. Table.Facts(
            (CommandTexts.InForce, dns.YesNo("inForce")), (CommandTexts.Standing, dns.Field("standing").Text("text")), (CommandTexts.Checked, output.Time(dns.Text("checkedAt"))),
            (CommandTexts.LastTry, dns.Field("lastTry").Text("text")), (CommandTexts.Override, dns.Field("override").Text("reason"))),
        .. dns.Field("standing").Items("missing").Select(m => $"- {m.Text("text")}"),
        "",
        .. Table.Lines([CommandTexts.Record, CommandTexts.Ok, CommandTexts.IsThere, CommandTexts.Name, CommandTexts.Type, CommandTexts.Value], [.. Kinds.SelectMany(k => Rows(k, dns.Field(k)))]),
    ];

    private static IEnumerable<string?[]> Rows(string kind, JsonNode? records)
    {
        if (records is null) yield break; // its service did not answer
        var (found, expected) = (records.Items("found").ToList(), records.Items("expected").ToList());
        foreach (var (word, record) in found.Select(r => (CommandTexts.Found, r)).Concat(expected.Select(r => (CommandTexts.Expected, r))))
            yield return [kind, records.YesNo("ok"), word, record.Text("name"), record.Text("type"), record.Text("value")];
        if (found.Count + expected.Count == 0) yield return [kind, records.YesNo("ok"), null, null, null, null];
    }
}
