// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Spam.Domains;

/// <summary>What keeps a domain from being in force.</summary>
/// <param name="Code">One of <see cref="Dns.DnsFaults"/>.</param>
/// <param name="Hosts">The host names that are at fault, in lower case and without a dot at their end.</param>
public sealed record DnsFault(string Code, IReadOnlyList<string> Hosts);

/// <summary>The domain's MX and NS were looked up, and the result is another one than before; or it is assumed, because no resolver is set.</summary>
public sealed record DomainDnsChecked(
    string Domain, IReadOnlyList<string> Mx, IReadOnlyList<string> Ns, IReadOnlyList<DnsFault> Missing, bool InForce, DateTimeOffset At, bool Assumed = false);

/// <summary>An operator treats the domain as in force.</summary>
public sealed record DomainDnsOverridden(string Domain, string Reason, DateTimeOffset At);

/// <summary>What the domain's DNS says counts again.</summary>
public sealed record DomainDnsOverrideRemoved(string Domain, string Reason, DateTimeOffset At);

/// <summary>
/// Whether the spam settings of a domain's accounts act (SPM-5). The stream has a key that no account's id is like, and begins with the first
/// look-up that had a result, or with an override.
/// </summary>
public sealed record DomainStanding : IState<DomainStanding>
{
    private const string Prefix = "domain:";

    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(DomainDnsChecked), typeof(DomainDnsOverridden), typeof(DomainDnsOverrideRemoved)];

    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    /// <summary>The domain in A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>The last result of a look-up; null: none yet.</summary>
    public DomainDnsChecked? Result { get; init; }

    /// <summary>The override; null: there is none.</summary>
    public DomainDnsOverridden? Override { get; init; }

    /// <summary>Whether the settings act.</summary>
    public bool InForce => Override is not null || Result is { InForce: true };

    /// <summary>The key of a domain's stream.</summary>
    public static string KeyOf(string domain) => Prefix + domain;

    /// <summary>The position of the newest event of a domain's stream; 0: there is none.</summary>
    public static Task<long> NewestAsync(NpgsqlDataSource database, string domain, CancellationToken stop)
        => database.ValueAsync<long>($"select coalesce(max(seq_id), 0) from mt_events where stream_id = {KeyOf(domain)}", stop);

    /// <inheritdoc/>
    public static DomainStanding? Evolve(DomainStanding? state, object e) => e switch
    {
        DomainDnsChecked c => (state ?? Of(c.Domain)) with { Result = c },
        DomainDnsOverridden o => (state ?? Of(o.Domain)) with { Override = o },
        DomainDnsOverrideRemoved => state! with { Override = null },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a domain's standing"),
    };

    private static DomainStanding Of(string domain) => new() { Id = KeyOf(domain), Domain = domain };
}
