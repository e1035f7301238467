using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Accounts;

/// <summary><c>hikyaku account trace ADDRESS [FILE]</c>: what would happen to a message, and why. Nothing is delivered.</summary>
internal static class TraceMessage
{
    private const string StandardInput = "-";

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var address = Inputs.Address();
        var file = new Argument<string>("FILE") { Description = CommandTexts.MessageArgument, Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => StandardInput };
        var (sender, at) = (new Option<string>("--sender") { Description = CommandTexts.SenderOption, HelpName = "ADDRESS" }, Inputs.At());
        return runs.Act(new Command("trace", CommandTexts.AccountTrace) { address, file, sender, at }, async (run, stop) =>
        {
            await using var message = Open(run.Typed.GetRequiredValue(file), run.Surroundings);
            using var body = new StreamContent(message) { Headers = { ContentType = new MediaTypeHeaderValue("message/rfc822") } };
            var path = ApiPath.Of($"accounts/{run.Typed.GetRequiredValue(address)}/trace").With(("sender", run.Typed.GetValue(sender)), ("at", run.Typed.GetValue(at)));
            var trace = await run.Api.SendAsync(HttpMethod.Post, path, body, stop) ?? new JsonObject();
            run.Output.Answer(trace, () => Lines(trace));
        });
    }

    private static Stream Open(string file, Surroundings surroundings)
    {
        if (file == StandardInput) return surroundings.In();
        try
        {
            return File.OpenRead(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(e.Message);
        }
    }

    private static IEnumerable<string> Lines(JsonNode trace)
    {
        var outcome = trace.Field("outcome");
        return
        [
            .. Table.Facts(
                (CommandTexts.Stored, outcome.Text("stored") ?? CommandTexts.No), (CommandTexts.ForwardedTo, string.Join(", ", outcome.Items("forwardedTo")) is { Length: > 0 } to ? to : CommandTexts.No),
                (CommandTexts.Replied, outcome.YesNo("replied")), (CommandTexts.Refused, outcome.Text("refused"))),
            "",
            .. Table.Lines(
                [CommandTexts.By, CommandTexts.What, CommandTexts.Why, CommandTexts.Setting, new(CommandTexts.Version, IsNumber: true)],
                [.. trace.Items("steps").Select(s => new[] { s.Text("by"), s.Text("what"), s.Text("why"), s.Text("setting"), s.Text("version") })]),
        ];
    }
}
