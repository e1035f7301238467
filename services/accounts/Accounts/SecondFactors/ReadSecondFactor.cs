using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>One's own second factor.</summary>
/// <param name="Enabled">Whether there is one.</param>
/// <param name="RequiredBy">The domains that one administers and that require one, in A-labels.</param>
/// <param name="Since">Since when; absent when there is none, as the next two.</param>
/// <param name="LastUsedAt">When a code was used last; absent when none was.</param>
/// <param name="RecoveryCodesLeft">How many recovery codes were not used yet.</param>
public sealed record SecondFactorView(bool Enabled, IReadOnlyList<string> RequiredBy, DateTimeOffset? Since = null, DateTimeOffset? LastUsedAt = null, int? RecoveryCodesLeft = null);

/// <summary>Reads it. The secret is never shown again.</summary>
public static class ReadSecondFactor
{
    /// <summary><c>GET /api/v1/me/second-factor</c> → 200.</summary>
    public static async Task<IResult> Handle(HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        var caller = http.Asking().Caller;
        await using var session = store.QuerySession();
        var key = StaffMember.KeyOf(caller.Login);
        if (await session.LoadAsync<StaffMember>(key, stop) is not { } member) return Problems.Of(PlatformProblems.NotFound);
        var domains = await session.LoadManyAsync<Domain>(stop, [.. caller.Domains]);
        string[] requiredBy = [.. domains.Where(d => d.RequiresSecondFactor).Select(d => d.Id).Order(StringComparer.Ordinal)];
        return new Answer(200, member.HasSecondFactor && await session.LoadAsync<SecondFactor>(key, stop) is { } factor
            ? new SecondFactorView(true, requiredBy, factor.Since, factor.LastUsedAt, factor.RecoveryCodes.Count)
            : new SecondFactorView(false, requiredBy));
    }
}
