using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>
/// <c>GET /api/v1/domains/{name}/dns</c>: each service that has a share gives the records that it knows of. All are asked in parallel by the
/// same path; a refusal of one is the answer, as of the accounts service where there is no such domain. Fields of one that does not answer
/// are left out, and it is named in <c>unavailable</c>.
/// </summary>
public sealed class DomainDns(RouteTable table, ServiceQuestions questions, Forwarding forwarding)
{
    // It knows which domains there are.
    private const string Core = "accounts";

    private readonly IReadOnlyList<string> _services = table.Sharing(Shares.DomainDns);

    /// <summary>The endpoint.</summary>
    public async Task SendAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (_services is [var only])
        {
            await forwarding.SendAsync(http, only);
            return;
        }

        var path = http.Admission().Path + http.Request.QueryString.Value;
        var answers = await Task.WhenAll(_services.Select(s => questions.AskAsync(http, s, path, s == Core ? questions.ForCore : questions.ForShare)));
        if (answers.FirstOrDefault(a => a is { IsThere: true, IsOk: false }) is { } refusal) await refusal.PassOnAsync(http);
        else if (answers.Any(a => a.IsOk)) await Compose(http, answers).ExecuteAsync(http);
        else await Problems.Of(PlatformProblems.Unavailable).ExecuteAsync(http);
    }

    private static Answer Compose(HttpContext http, ServiceAnswer[] answers)
    {
        var all = new JsonObject();
        foreach (var answer in answers.Where(a => a.IsOk))
        {
            Add(all, JsonNode.Parse(answer.Body)!.AsObject());
            if (answer.Headers.TryGetValue("ETag", out var version)) http.Response.Headers.ETag = version; // of the override, which a command changes
        }

        var away = answers.Where(a => !a.IsOk).Select(a => JsonValue.Create(a.Service)).ToArray();
        if (away.Length > 0) all["unavailable"] = new JsonArray(away);
        return new(StatusCodes.Status200OK, all);
    }

    // Objects that both have are put together, like what is expected of DKIM and what was found.
    private static void Add(JsonObject to, JsonObject more)
    {
        foreach (var (name, value) in more.ToList())
        {
            more.Remove(name);
            if (to[name] is JsonObject there && value is JsonObject further) Add(there, further);
            else to[name] = value;
        }
    }
}
