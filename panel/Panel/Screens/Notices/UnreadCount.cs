using Hikyaku.Panel.Api;

namespace Hikyaku.Panel.Screens.Notices;

/// <summary>How many notices are unread, for a page that is open.</summary>
public static class UnreadCount
{
    /// <summary><c>GET /notices/unread</c> and <c>GET /mail/notices/unread</c> → the number, and its words for the header.</summary>
    public static void MapUnreadNotices(this IEndpointRouteBuilder app)
    {
        app.MapGet("/notices/unread", HandleAsync);
        app.MapGet("/mail/notices/unread", HandleAsync);
    }

    private static async Task<IResult> HandleAsync(GatewayClient gateway)
    {
        var unread = (await gateway.GetAsync<NoticePage>("notices?state=unread&limit=1")).Unread;
        return Results.Json(new { Unread = unread, Label = NoticeWords.Unread(unread) });
    }
}
