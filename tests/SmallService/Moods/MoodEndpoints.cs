using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Moods;

/// <summary>The body of <c>PUT …/mood</c>, and the mood as it is answered.</summary>
/// <param name="Mood">calm, glad or angry.</param>
public sealed record MoodBody(string? Mood);

internal static class MoodEndpoints
{
    public static void Map(WebApplication app)
    {
        app.MapCommands("/api/v1/accounts/{address}").MapPut("/mood", SetAsync).Produces<MoodBody>()
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Set an account's mood");
        app.MapCommands("/api/v1/domains/{name}").MapPost("/calmings", CalmDomain.Handle).Produces<JobView>(202)
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Calm everybody who is angry");
        app.MapJobs();
        app.MapNodes(MoodStates.All);
        app.MapAccountSummary(ReadAsync);
        app.MapAccountHistory<Mood>(SetMood.History, SetMood.PutBack, mood => new MoodBody(mood.Current));
    }

    private static async Task<IResult> SetAsync(string address, MoodBody body, CommandContext context, CancellationToken stop)
    {
        var account = context.Target!;
        var stream = await context.Session.Events.FetchForWriting<Mood>(account.AccountId, stop);
        return context.Conclude(stream, SetMood.Decide(new(account.AccountId, account.Domain, body.Mood, context.Now), stream.Aggregate),
            (mood, version) => new Answer(200, new MoodBody(mood.Current), version));
    }

    private static async Task<object> ReadAsync(IQuerySession session, Target account, DateTimeOffset? at, CancellationToken stop)
    {
        var mood = at is { } then ? EventTimes.StateAt<Mood>(await session.Events.FetchStreamAsync(account.AccountId, token: stop), then)
            : await session.LoadAsync<Mood>(account.AccountId, stop);
        return new { Mood = mood?.Current ?? "calm" };
    }
}
