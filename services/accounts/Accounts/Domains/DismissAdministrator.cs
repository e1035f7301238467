using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Domains;

/// <summary>Dismisses an administrator; the login stays, for its other domains and for the history.</summary>
public sealed record DismissAdministrator(string Login, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(DismissAdministrator command, Domain domain)
        => domain.Administrators.Contains(command.Login)
            ? Decision.Accept(new DomainAdministratorDismissed(command.Login, command.Now))
            : Decision.Accept();

    /// <summary><c>DELETE /api/v1/domains/{name}/administrators/{login}</c> → 204.</summary>
    public static async Task<IResult> Handle(string name, string login, CommandContext context, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        var stream = await context.Session.Events.FetchForWriting<Domain>(id!, stop);
        if (stream.Aggregate is not { } domain || !domain.Administrators.Contains(login.ToLowerInvariant())) return Problems.Of(PlatformProblems.NotFound);
        var decision = Decide(new(login.ToLowerInvariant(), context.Now), domain);
        return context.Conclude(stream, decision, (_, version) => new Answer(204, Version: version));
    }

    /// <summary><c>GET /api/v1/domains/{name}/administrators/{login}</c> → 200.</summary>
    public static async Task<IResult> One(string name, string login, IDocumentStore store, CancellationToken stop)
    {
        if (!await IsOneAsync(name, login, store, stop)) return Problems.Of(PlatformProblems.NotFound);
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        await using var session = store.QuerySession();
        var domain = await session.Events.FetchStreamStateAsync(id!, stop); // appointments are events of the domain's stream
        return new Answer(200, new AdministratorView(login.ToLowerInvariant()), domain!.Version);
    }

    /// <summary>Whether a login administers a domain.</summary>
    internal static async Task<bool> IsOneAsync(string name, string login, IDocumentStore store, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        await using var session = store.QuerySession();
        return await session.LoadAsync<Domain>(id!, stop) is { } domain && domain.Administrators.Contains(login.ToLowerInvariant());
    }

    /// <summary><c>GET /api/v1/domains/{name}/administrators</c> → 200; never paged.</summary>
    public static async Task<IResult> List(string name, IDocumentStore store, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        await using var session = store.QuerySession();
        var domain = await session.LoadAsync<Domain>(id!, stop);
        return domain is null
            ? Problems.Of(PlatformProblems.NotFound)
            : new Answer(200, new Page<AdministratorView>([.. domain.Administrators.Order(StringComparer.Ordinal).Select(l => new AdministratorView(l))]));
    }
}
