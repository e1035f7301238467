using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hikyaku.MailNode;

/// <summary>Has Rspamd judge a message that is not delivered, and writes into it what Postfix would.</summary>
public sealed class SampleJudge(NodeSettings settings) : IDisposable
{
    private readonly HttpClient _rspamd = new() { Timeout = TimeSpan.FromSeconds(12) };

    /// <summary>A judged message.</summary>
    /// <param name="Spam">Whether it is spam.</param>
    /// <param name="Virus">What the virus scanner found; null: nothing.</param>
    /// <param name="Unscanned">Whether the virus scanner could not look at it.</param>
    /// <param name="Waits">Whether it would stay with its sender because of that (<c>HIKYAKU_UNSCANNED=wait</c>).</param>
    /// <param name="Score">Its score.</param>
    /// <param name="Reasons">The rules that matched, each with its score.</param>
    /// <param name="Message">With the verdict in its header, and without what was forged of it.</param>
    /// <param name="Refused">Why it is not taken; null: it is.</param>
    public sealed record Judged(bool Spam, string? Virus, bool Unscanned, bool Waits, double Score, IReadOnlyList<string> Reasons, byte[] Message, string? Refused);

    /// <summary>Asks; null when Rspamd does not answer.</summary>
    public async Task<Judged?> JudgeAsync(string sender, string recipient, byte[] message, CancellationToken stop)
    {
        if (settings.Rspamd is not { } rspamd) return null;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(rspamd.Controller, "/checkv2")) { Content = new ByteArrayContent(message) };
        request.Headers.Add("Password", rspamd.Password);
        request.Headers.TryAddWithoutValidation("From", sender);
        request.Headers.TryAddWithoutValidation("Rcpt", recipient);
        try
        {
            using var answer = await _rspamd.SendAsync(request, stop);
            if (!answer.IsSuccessStatusCode) return null;
            await using var body = await answer.Content.ReadAsStreamAsync(stop);
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: stop);
            return Read(json.RootElement, message);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The message as it is taken while nobody judges it: marked, and without what was forged of a verdict (postfix/main.cf).</summary>
    public static Judged Unjudged(byte[] message) => new(
        false, null, Unscanned: true, Waits: false, 0, [], WithFields(
            message, new() { ["X-Virus-Status"] = "unscanned" },
            name => name.StartsWith("X-Spam-", StringComparison.OrdinalIgnoreCase) || name.Equals("X-Virus-Status", StringComparison.OrdinalIgnoreCase)), Refused: null);

    /// <inheritdoc/>
    public void Dispose() => _rspamd.Dispose();

    private static Judged? Read(JsonElement answer, byte[] message)
    {
        if (!answer.TryGetProperty("milter", out var milter) || !milter.TryGetProperty("add_headers", out var added)) return null;
        var fields = added.EnumerateObject().ToDictionary(h => h.Name, h => h.Value.GetProperty("value").GetString() ?? "", StringComparer.OrdinalIgnoreCase);
        var removed = milter.TryGetProperty("remove_headers", out var names) ? names.EnumerateObject().Select(h => h.Name).ToHashSet(StringComparer.OrdinalIgnoreCase) : [];
        var virus = fields.GetValueOrDefault("X-Virus-Status", "");
        const string infected = "infected";
        var reasons = answer.GetProperty("symbols").EnumerateObject()
            .Select(s => (s.Name, Score: s.Value.GetProperty("score").GetDouble())).OrderByDescending(s => Math.Abs(s.Score)).ThenBy(s => s.Name, StringComparer.Ordinal)
            .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Name} {s.Score:0.00}"));
        return new(
            fields.GetValueOrDefault("X-Spam-Flag") == "YES", virus.StartsWith(infected, StringComparison.Ordinal) ? virus[infected.Length..].Trim() : null, virus == "unscanned",
            answer.TryGetProperty("action", out var action) && action.GetString() == "soft reject",
            answer.GetProperty("score").GetDouble(), [.. reasons], WithFields(message, fields, removed.Contains), RefusalIn(answer));
    }

    // As Postfix answers it.
    private static string? RefusalIn(JsonElement answer)
    {
        if (answer.GetProperty("action").GetString() != "reject") return null;
        var text = answer.TryGetProperty("messages", out var messages) && messages.TryGetProperty("smtp_message", out var said) ? said.GetString() : null;
        return $"554 5.7.1 {text}".TrimEnd();
    }

    // As bytes: Latin-1 has one character for each.
    private static byte[] WithFields(byte[] message, Dictionary<string, string> added, Predicate<string> isRemoved)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in added) text.Append(name).Append(": ").Append(value.ReplaceLineEndings("\r\n")).Append("\r\n");
        var (lines, isHeader, isDropped) = (Encoding.Latin1.GetString(message).Split('\n'), true, false);
        foreach (var line in lines[..^1].Select(l => l + '\n').Append(lines[^1]))
        {
            if (isHeader && line.TrimEnd('\r', '\n').Length == 0) isHeader = false;
            if (isHeader && line[0] is not (' ' or '\t')) isDropped = isRemoved(line.Split(':')[0].TrimEnd());
            if (!isHeader || !isDropped) text.Append(line);
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
