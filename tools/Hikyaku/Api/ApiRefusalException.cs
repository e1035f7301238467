using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Api;

/// <summary>The API's 'no': an HTTP status, and a problem (RFC 9457) where the answer has one.</summary>
internal sealed class ApiRefusalException(int status, JsonNode? problem, TimeSpan? retryAfter) : Exception($"The API answers {status}")
{
    private const string TypePrefix = "urn:hikyaku:problem:";

    /// <summary>When to ask again.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>As people read it: title, detail, each broken rule, the code, and when to ask again.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            List<string> lines = [$"{problem.Text("title") ?? "HTTP"} ({status})"];
            var (detail, errors) = (problem.Text("detail"), problem.Items("errors").ToList());
            if (detail is not null) lines.Add(detail);
            // A single rule without a field is the detail once more.
            if (errors is not [var only] || only.Text("field") is not null || only.Text("detail") != detail)
                lines.AddRange(errors.Select(e => $"- {(e.Text("field") is { } of ? $"{of}: " : "")}{e.Text("detail")} ({e.Text("code")})"));
            if (problem.Text("type") is { } type) lines.Add(Texts.Fill(CommandTexts.Code, type.StartsWith(TypePrefix, StringComparison.Ordinal) ? type[TypePrefix.Length..] : type));
            if (RetryAfter is { } wait) lines.Add(Texts.Fill(CommandTexts.RetryAfter, (int)Math.Ceiling(wait.TotalSeconds)));
            return lines;
        }
    }

    /// <summary>Reads an answer that is no success.</summary>
    public static async Task<ApiRefusalException> ReadAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        var problem = answer.Content.Headers.ContentType?.MediaType is "application/problem+json" ? await ProblemAsync(answer.Content, stop) : null;
        var wait = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => (TimeSpan?)null,
        };
        return new((int)answer.StatusCode, problem, wait < TimeSpan.Zero ? TimeSpan.Zero : wait);
    }

    private static async Task<JsonNode?> ProblemAsync(HttpContent content, CancellationToken stop)
    {
        try
        {
            return await JsonNode.ParseAsync(await content.ReadAsStreamAsync(stop), cancellationToken: stop);
        }
        catch (JsonException)
        {
            return null; // the status is told
        }
    }
}
