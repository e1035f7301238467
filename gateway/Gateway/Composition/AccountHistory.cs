using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>What was changed of an account, at whichever service (OPS-3).</summary>
public sealed class AccountHistory(RouteTable table, MergedList merged, ServiceQuestions questions, Forwarding forwarding)
{
    private readonly IReadOnlyList<string> _services = table.Sharing(Shares.AccountHistory);

    /// <summary><c>GET /api/v1/accounts/{address}/history</c>: newest first.</summary>
    public Task ListAsync(HttpContext http) => merged.SendAsync(http, _services, "at");

    /// <summary>
    /// <c>POST /api/v1/accounts/{address}/history/{eventId}/undo</c>: by the service that has the event. An id does not say whose it
    /// is, so services are tried in turn; while one of them is away and no other has the event, the answer is 503.
    /// </summary>
    public async Task UndoAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (_services is [var only])
        {
            await forwarding.SendAsync(http, only);
            return;
        }

        var (path, body) = (http.Admission().Path + http.Request.QueryString.Value, await BodyOfAsync(http));
        var isOneAway = false;
        foreach (var service in _services)
        {
            var answer = await questions.AskAsync(http, service, path, questions.ForCore, body);
            isOneAway |= !answer.IsThere;
            if (!answer.IsThere || answer.Status == StatusCodes.Status404NotFound) continue;
            await answer.PassOnAsync(http);
            return;
        }

        await Problems.Of(isOneAway ? PlatformProblems.Unavailable : PlatformProblems.NotFound).ExecuteAsync(http);
    }

    private static async Task<byte[]> BodyOfAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }
}
