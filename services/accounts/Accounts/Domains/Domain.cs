using System.Collections.Immutable;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

// The events below are the storage format of domains: what is written stays for ever. Add fields only as optional ones,
// never rename or retype one; a new shape is a new version in Storage/EventNames.cs and an upcaster.

/// <summary>The platform serves a further domain (name in A-labels; capacities in MB), and signs its mail with a first DKIM key; without one before 2026-11-29.</summary>
public sealed record DomainAdded(string Domain, int MaxAccounts, int MaxCapacityMb, int DefaultCapacityMb, DateTimeOffset At, DkimPublicKey? Dkim = null);

/// <summary>The domain has other limits; all of them, changed or not.</summary>
public sealed record DomainLimitsChanged(int MaxAccounts, int MaxCapacityMb, int DefaultCapacityMb, DateTimeOffset At);

/// <summary>A login administers the domain from now on.</summary>
public sealed record DomainAdministratorAppointed([property: PersonalData] string Login, DateTimeOffset At);

/// <summary>A login no longer administers the domain.</summary>
public sealed record DomainAdministratorDismissed([property: PersonalData] string Login, DateTimeOffset At);

/// <summary>There is a next DKIM key, whose record is to be published; it does not sign yet.</summary>
public sealed record DomainDkimKeyMade(string Selector, string PublicKey, DateTimeOffset At);

/// <summary>The next DKIM key signs from now on, instead of the one before.</summary>
public sealed record DomainDkimKeyActivated(string Selector, DateTimeOffset At);

/// <summary>Nobody finds the domain any more, and nobody administers it; a job erases its postmaster.</summary>
public sealed record DomainDeletionStarted(string JobId, DateTimeOffset At);

/// <summary>Nothing is left of the domain; its name is free. A later domain of the name goes on in the same stream, so that its versions are higher.</summary>
public sealed record DomainDeleted(DateTimeOffset At);

/// <summary>The domain requires a second factor of its administrators, or no longer.</summary>
public sealed record DomainSecondFactorRequirementChanged(bool Required, DateTimeOffset At);

/// <summary>What the events of one domain add up to; null while it is not served.</summary>
public sealed record Domain : IState<Domain>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events =
    [
        typeof(DomainAdded), typeof(DomainLimitsChanged), typeof(DomainAdministratorAppointed), typeof(DomainAdministratorDismissed),
        typeof(DomainDkimKeyMade), typeof(DomainDkimKeyActivated), typeof(DomainSecondFactorRequirementChanged),
        typeof(DomainDeletionStarted), typeof(DomainDeleted),
    ];

    /// <summary>The name in A-labels; also the stream's key.</summary>
    public required string Id { get; init; }

    /// <summary>How many accounts it may have, postmaster included.</summary>
    public required int MaxAccounts { get; init; }

    /// <summary>The sum of capacities it may have.</summary>
    public required int MaxCapacityMb { get; init; }

    /// <summary>What an account gets when its creation names none.</summary>
    public required int DefaultCapacityMb { get; init; }

    /// <summary>Who administers it, in the order of appointment.</summary>
    public ImmutableList<string> Administrators { get; init; } = [];

    /// <summary>The key that signs its mail; null until one was made for a domain from before 2026-11-29.</summary>
    public DkimPublicKey? Dkim { get; init; }

    /// <summary>The key that is to sign next; null: none.</summary>
    public DkimPublicKey? NextDkim { get; init; }

    /// <summary>Whether its administrators must have a second factor.</summary>
    public bool RequiresSecondFactor { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset AddedAt { get; init; }

    /// <inheritdoc/>
    public static Domain? Evolve(Domain? state, object e) => e switch
    {
        DomainAdded a => new()
        {
            Id = a.Domain,
            MaxAccounts = a.MaxAccounts,
            MaxCapacityMb = a.MaxCapacityMb,
            DefaultCapacityMb = a.DefaultCapacityMb,
            Dkim = a.Dkim,
            AddedAt = a.At,
        },
        DomainLimitsChanged l => state! with
        {
            MaxAccounts = l.MaxAccounts,
            MaxCapacityMb = l.MaxCapacityMb,
            DefaultCapacityMb = l.DefaultCapacityMb,
        },
        DomainAdministratorAppointed a => state! with { Administrators = state.Administrators.Remove(a.Login).Add(a.Login) },
        DomainAdministratorDismissed d => state! with { Administrators = state.Administrators.Remove(d.Login) },
        DomainDkimKeyMade k => state! with { NextDkim = new(k.Selector, k.PublicKey) },
        DomainDkimKeyActivated => state! with { Dkim = state.NextDkim, NextDkim = null },
        DomainDeletionStarted or DomainDeleted => null, // there is no domain any more
        DomainSecondFactorRequirementChanged r => state! with { RequiresSecondFactor = r.Required },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a domain"),
    };
}
