using System.Collections.Immutable;
using System.Text.Json;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Sources;
using Npgsql;

namespace Hikyaku.Restrictions.Policy;

/// <summary>What a policy is to be.</summary>
/// <param name="Values">Numbers by name; one that is absent or null is inherited.</param>
/// <param name="SharedFetchers">Networks that many people share; of the platform only. Absent: none.</param>
/// <param name="Reason">1 to 255 characters.</param>
public sealed record PolicyBody(IReadOnlyDictionary<string, JsonElement?>? Values, IReadOnlyList<string?>? SharedFetchers, string? Reason);

/// <summary>A network that somebody typed.</summary>
/// <param name="Typed">As typed.</param>
/// <param name="Network">What it means; null: nothing.</param>
public sealed record TypedNetwork(string Typed, string? Network)
{
    /// <summary>Reads some.</summary>
    public static IReadOnlyList<TypedNetwork> Of(IReadOnlyList<string?>? typed) => [.. (typed ?? []).Select(t => new TypedNetwork(t ?? "", Networks.Read(t)?.ToString()))];
}

/// <summary>A policy as operators read it (RST-5). Nobody else does.</summary>
/// <param name="Values">What counts, by name.</param>
/// <param name="Inherited">The names of those that this policy does not set.</param>
/// <param name="SharedFetchers">Networks that many people share.</param>
/// <param name="Version">Restrictions name it with what they follow from.</param>
public sealed record PolicyView(IReadOnlyDictionary<string, int> Values, IReadOnlyList<string> Inherited, IReadOnlyList<string> SharedFetchers, string Version);

/// <summary>Changes the thresholds of the platform or of a domain.</summary>
/// <param name="Domain">Of which domain; null: the platform's.</param>
/// <param name="Body">As sent.</param>
/// <param name="Networks">Its shared fetchers, read.</param>
/// <param name="Now">When.</param>
public sealed record ChangePolicy(string? Domain, PolicyBody Body, IReadOnlyList<TypedNetwork> Networks, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(ChangePolicy command, RestrictionPolicy? policy)
    {
        ArgumentNullException.ThrowIfNull(command);
        var broken = PlaceRestriction.BrokenBy(command.Body.Reason).ToList();
        var values = Read(command.Body.Values, broken);
        var networks = Read(command.Domain is null ? command.Networks : [], broken);
        return Decision.Unless(broken, () => policy is not null && policy.Values.SequenceEqual(values) && policy.SharedFetchers.SequenceEqual(networks)
            ? [] : [new RestrictionPolicyChanged(command.Domain, values, networks, command.Body.Reason!.Trim(), command.Now)]);
    }

    /// <summary>Reads what is set, and adds what is wrong with it.</summary>
    internal static ImmutableSortedDictionary<string, int> Read(IReadOnlyDictionary<string, JsonElement?>? typed, List<Rejection> broken)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (var (name, number) in typed ?? new Dictionary<string, JsonElement?>())
        {
            if (number is null or { ValueKind: JsonValueKind.Null }) continue;
            if (PolicyNumbers.All.FirstOrDefault(n => n.Name == name) is not { } known) broken.Add(new(RestrictionsProblems.ValueUnknown, $"values.{name}", ("name", name)));
            else if (number.Value.ValueKind != JsonValueKind.Number || !number.Value.TryGetInt32(out var value) || value < known.Min || value > known.Max)
                broken.Add(new(RestrictionsProblems.ValueRange, $"values.{name}", ("name", name), ("min", known.Min), ("max", known.Max)));
            else values[name] = value;
        }

        return values.ToImmutable();
    }

    /// <summary>The networks that are some, in order; and adds those that are none to what is wrong.</summary>
    internal static IReadOnlyList<string> Read(IReadOnlyList<TypedNetwork> networks, List<Rejection> broken)
    {
        broken.AddRange(networks.Where(n => n.Network is null).Select(n => new Rejection(RestrictionsProblems.NetworkInvalid, "sharedFetchers", ("x", n.Typed))));
        return [.. networks.Select(n => n.Network).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary><c>PUT /api/v1/restriction-policy</c> → 200.</summary>
    public static Task<IResult> Handle(PolicyBody body, CommandContext context, CancellationToken stop) => HandleAsync(null, body, context, stop);

    /// <summary><c>PUT /api/v1/domains/{name}/restriction-policy</c> → 200.</summary>
    public static async Task<IResult> HandleDomain(string name, PolicyBody body, CommandContext context, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        return await KnownDomains.ContainsAsync(database, domain!, stop) ? await HandleAsync(domain, body, context, stop) : Problems.Of(PlatformProblems.NotFound);
    }

    private static async Task<IResult> HandleAsync(string? domain, PolicyBody body, CommandContext context, CancellationToken stop)
    {
        var platform = domain is null ? null : await context.Session.LoadAsync<RestrictionPolicy>(RestrictionPolicy.KeyOf(null), stop);
        var stream = await context.Session.Events.FetchForWriting<RestrictionPolicy>(RestrictionPolicy.KeyOf(domain), stop);
        return context.Conclude(stream, Decide(new(domain, body, TypedNetwork.Of(body.SharedFetchers), context.Now), stream.Aggregate),
            (state, version) => new Answer(200, domain is null ? Policies.Show(state, null) : Policies.Show(platform, state), version));
    }
}
