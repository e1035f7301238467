using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

/// <summary>Whether the next key is to sign from now on; absent: it is to be made.</summary>
public sealed record RotateDkimKeyBody(bool? Activate);

/// <summary>
/// Rotates a domain's DKIM key in two steps, as receivers must find its record before it signs (docs/decisions/0038): the first one
/// makes the next key, the second one activates it.
/// </summary>
/// <param name="Made">What the next key will be.</param>
/// <param name="Activate">Whether it is the second step.</param>
/// <param name="Now">When.</param>
public sealed record RotateDkimKey(DkimPublicKey Made, bool Activate, DateTimeOffset Now)
{
    /// <summary>Decides; pure. A next key that is there already stays: its record may be published.</summary>
    public static Decision Decide(RotateDkimKey command, Domain domain) => (command.Activate, domain.NextDkim) switch
    {
        (true, null) => Decision.Reject(new Rejection(AccountsProblems.NoNextDkimKey, "activate")),
        (true, { } next) => Decision.Accept(new DomainDkimKeyActivated(next.Selector, command.Now)),
        (false, null) => Decision.Accept(new DomainDkimKeyMade(command.Made.Selector, command.Made.PublicKey, command.Now)),
        (false, _) => Decision.Accept(),
    };

    /// <summary><c>POST /api/v1/domains/{name}/dkim/rotate</c> → 202 with the records to publish.</summary>
    public static async Task<IResult> Handle(string name, RotateDkimKeyBody? body, CommandContext context, SecretBox box, DkimKeys keys, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        var stream = await context.Session.Events.FetchForWriting<Domain>(id!, stop);
        if (stream.Aggregate is not { } domain) return Problems.Of(PlatformProblems.NotFound);
        var pair = keys.Make(context.Now, (domain.NextDkim ?? domain.Dkim)?.Selector);
        var decision = Decide(new(pair.Public, body?.Activate ?? false, context.Now), domain);
        foreach (var e in decision.Accepted ? decision.Events : [])
        {
            if (e is DomainDkimKeyMade) DkimPrivateKey.Store(context.Session, box, domain.Id, pair);
            if (e is DomainDkimKeyActivated && domain.Dkim is { } former) context.Session.Delete<DkimPrivateKey>(DkimPrivateKey.KeyOf(domain.Id, former.Selector));
        }

        return context.Conclude(stream, decision, (state, version) => new Answer(202, DomainDnsView.Of(state), version, $"/api/v1/domains/{state.Id}/dns"));
    }
}
