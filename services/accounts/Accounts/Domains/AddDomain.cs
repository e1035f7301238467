using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

/// <summary>A new domain as somebody types it; capacities in MB.</summary>
public sealed record AddDomainBody(string? Name, long? MaxAccounts, long? MaxCapacityMb, long? DefaultCapacityMb);

/// <summary>Adds a domain.</summary>
/// <param name="Typed">The name as typed.</param>
/// <param name="Name">The name in A-labels; null when it is not a valid name.</param>
/// <param name="Limits">As typed.</param>
/// <param name="Now">When.</param>
/// <param name="Dkim">The key that will sign its mail.</param>
public sealed record AddDomain(string Typed, string? Name, DomainLimits Limits, DateTimeOffset Now, DkimPublicKey Dkim)
{
    /// <summary>Whether a former domain of the name is still being deleted.</summary>
    public bool BeingDeleted { get; init; }

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(AddDomain command, Domain? domain)
    {
        if (domain is not null) return Decision.Reject(new Rejection(AccountsProblems.DomainExists, "name", ("d", domain.Id)));
        if (command.BeingDeleted) return Decision.Reject(new Rejection(AccountsProblems.DomainBeingDeleted, "name", ("d", command.Name!)));
        List<Rejection> broken =
        [
            .. command.Name is null ? [new Rejection(AccountsProblems.DomainName, "name", ("x", command.Typed))] : Array.Empty<Rejection>(),
            .. command.Limits.Broken(),
        ];
        return Decision.Unless(broken, () =>
            [new DomainAdded(
                command.Name!, (int)command.Limits.MaxAccounts, (int)command.Limits.MaxCapacityMb, (int)command.Limits.DefaultCapacityMb, command.Now, command.Dkim)]);
    }

    /// <summary><c>POST /api/v1/domains</c> → 201; <c>postmaster</c> exists from the start (ACC-4).</summary>
    public static async Task<IResult> Handle(AddDomainBody body, CommandContext context, NodePlacement placement, SecretBox box, DkimKeys keys, CancellationToken stop)
    {
        if (context.IfMatch is not null) return Problems.Of(PlatformProblems.Stale); // a domain that does not exist yet has no version
        var session = context.Session;
        _ = InternetNames.TryReadDomain(body.Name, out var name);
        var limits = new DomainLimits(body.MaxAccounts ?? 0, body.MaxCapacityMb ?? 0, body.DefaultCapacityMb ?? 0);
        var existing = name is null ? null : await session.LoadAsync<Domain>(name, stop);
        var pair = keys.Make(context.Now);
        var command = new AddDomain(body.Name ?? "", name, limits, context.Now, pair.Public)
        { BeingDeleted = name is not null && await session.LoadAsync<DomainDeletion>(name, stop) is not null };
        var decision = Decide(command, existing);
        if (!decision.Accepted) return Problems.Of(decision.Rejections);

        var domain = decision.Events.Aggregate((Domain?)null, Domain.Evolve)!;
        var former = await session.Events.FetchStreamStateAsync(domain.Id, stop);
        if (former is null) session.Events.StartStream<Domain>(domain.Id, decision.Events);
        else session.Events.Append(domain.Id, former.Version + decision.Events.Length, decision.Events.ToArray());
        DomainUsage.Begin(session, domain.Id);
        DkimPrivateKey.Store(session, box, domain.Id, pair);
        // The domain may have been here before: of two lives of an address mail nodes obey the later one.
        var lives = (await session.LoadAsync<FormerLife>(FormerLife.IdOf(box, $"{MailAccount.Postmaster}@{domain.Id}"), stop))?.Life ?? 0;
        var postmaster = new CreateMailAccount(
            Guid.CreateVersion7().ToString("N"), MailAccount.Postmaster, Password: null, CredentialId: null, CapacityMb: null, Comment: null,
            domain, new DomainUsage(0, 0), Reservation: null, lives, context.Now)
        { HomeNode = await placement.HomeAsync(session, stop) };
        CreateMailAccount.Store(session, postmaster, CreateMailAccount.Decide(postmaster, null), hash: null);
        var view = DomainView.Of(domain, new DomainUsage(1, domain.DefaultCapacityMb));
        return new Answer(201, view, (former?.Version ?? 0) + 1, $"/api/v1/domains/{domain.Id}");
    }
}
