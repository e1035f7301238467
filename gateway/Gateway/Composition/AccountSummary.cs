using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>
/// <c>GET /api/v1/accounts/{address}</c>: the accounts service gives the core and the ETag, other services add fields of their
/// own and whether the account's state is in force as far as it is theirs. All are asked in parallel. Fields of one that does not
/// answer are left out, it is named in <c>unavailable</c>, and <c>inForce</c> is false. While no other service has a share the
/// request is forwarded as it is.
/// </summary>
public sealed class AccountSummary(RouteTable table, ServiceQuestions questions, Forwarding forwarding)
{
    private const string InForce = "inForce";

    private readonly IReadOnlyList<string> _services = table.Sharing(Shares.AccountSummary);

    /// <summary>The endpoint.</summary>
    public async Task SendAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (_services.Count == 0)
        {
            await forwarding.SendAsync(http);
            return;
        }

        var (admission, query) = (http.Admission(), http.Request.QueryString.Value);
        var asking = questions.AskAsync(http, admission.Route.Service, admission.Path + query, questions.ForCore);
        var path = $"/internal/accounts/{admission.Target!.AccountId}/summary{query}";
        var shares = await Task.WhenAll(_services.Select(s => questions.AskAsync(http, s, path, questions.ForShare)));
        var core = await asking;
        if (core.IsOk) await Compose(http, core, shares).ExecuteAsync(http);
        else if (core.IsThere) await core.PassOnAsync(http);
        else await Problems.Of(PlatformProblems.Unavailable).ExecuteAsync(http);
    }

    private static Answer Compose(HttpContext http, ServiceAnswer core, ServiceAnswer[] shares)
    {
        var summary = JsonNode.Parse(core.Body)!.AsObject();
        foreach (var share in shares.Where(s => s.IsOk)) Add(summary, JsonNode.Parse(share.Body)!.AsObject());
        var away = shares.Where(s => !s.IsOk).Select(s => JsonValue.Create(s.Service)).ToArray();
        if (away.Length > 0)
        {
            summary["unavailable"] = new JsonArray(away);
            Restrict(summary, false);
        }

        if (core.Headers.TryGetValue("ETag", out var version)) http.Response.Headers.ETag = version;
        return new(StatusCodes.Status200OK, summary);
    }

    private static void Add(JsonObject summary, JsonObject share)
    {
        foreach (var (name, value) in share.ToList())
        {
            share.Remove(name);
            if (name == InForce) Restrict(summary, value!.GetValue<bool>());
            else summary[name] = value;
        }
    }

    // In force is what every service says is in force. Settings of an earlier time have no such field.
    private static void Restrict(JsonObject summary, bool inForce)
    {
        if (summary[InForce] is { } all) summary[InForce] = all.GetValue<bool>() && inForce;
    }
}
