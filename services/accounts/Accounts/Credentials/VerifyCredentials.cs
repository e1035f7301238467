using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.SecondFactors;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Credentials;

/// <summary>Who tries to sign in.</summary>
/// <param name="Login">As typed, or normalised.</param>
/// <param name="Password">As typed.</param>
/// <param name="SecondFactor">A code, as typed; it is looked at and used when the password is right and there is a second factor.</param>
/// <param name="From">The client's IP address, for the history.</param>
public sealed record VerifyCredentialsBody(string? Login, string? Password, string? SecondFactor = null, string? From = null);

/// <summary>Whether the password is the login's, and then who that is.</summary>
/// <param name="Verified">False alike for unknown logins and wrong passwords.</param>
/// <param name="Role">operator, admin or user.</param>
/// <param name="Login">Normalised.</param>
/// <param name="Domains">What an administrator administers; a user's own domain is not among them.</param>
/// <param name="AccountId">A user's account.</param>
/// <param name="PasswordChangeRequired">Whether an operator or administrator still has a first password.</param>
/// <param name="Version">The login's stream version from before the password was looked at: a password change with a higher one ends the session.</param>
/// <param name="SecondFactor">
/// Why it is not verified although the password is right: <c>required</c>, <c>wrong</c> or <c>too-many</c>; then all other fields but the
/// next one are absent. Otherwise absent.
/// </param>
/// <param name="SecondFactorWaitSeconds">After <c>too-many</c>: how long to wait.</param>
/// <param name="SecondFactorOn">Whether a second factor was needed.</param>
/// <param name="SecondFactorRequiredBy">The administrator's domains that require one.</param>
/// <param name="PasswordForciblyChanged">True when the password is the one from before a forced change (ACC-8): then it is not verified, and all other fields are absent. Otherwise absent.</param>
public sealed record VerifiedView(
    bool Verified, string? Role = null, string? Login = null, IReadOnlyList<string>? Domains = null, string? AccountId = null, bool? PasswordChangeRequired = null,
    long? Version = null, bool? PasswordForciblyChanged = null, string? SecondFactor = null, int? SecondFactorWaitSeconds = null,
    bool? SecondFactorOn = null, IReadOnlyList<string>? SecondFactorRequiredBy = null);

/// <summary>
/// Verifies a login for the gateway. Every case takes one hash, so that the time does not show which logins exist (RST-7):
/// if the present password is one that nobody knows, only the former one is compared. A second factor is asked for only when the
/// password is right, and so takes no time that others could measure.
/// </summary>
public static class VerifyCredentials
{
    /// <summary><c>POST /internal/credentials/verify</c> → 200.</summary>
    public static async Task<IResult> Handle(VerifyCredentialsBody body, IDocumentStore store, Passwords passwords, SecondFactorCodes codes, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var (login, password) = (body.Login ?? "", body.Password ?? "");
        var view = InternetNames.TryReadAddress(login, out var address, out _)
            ? await UserAsync(session, passwords, address, password, stop)
            : await StaffAsync(session, passwords, codes, login.Trim().ToLowerInvariant(), body, stop);
        return new Answer(200, view);
    }

    private static async Task<VerifiedView> UserAsync(IQuerySession session, Passwords passwords, string address, string password, CancellationToken stop)
    {
        var reservation = await session.LoadAsync<AddressReservation>(address, stop);
        var version = await VersionAsync(session, reservation?.AccountId ?? "nobody", stop);
        var account = await session.LoadAsync<MailAccount>(reservation?.AccountId ?? "nobody", stop);
        if (account is { PasswordForciblyChanged: true })
            return new(false, PasswordForciblyChanged: await passwords.IsFormerAsync(session, account, password, stop) ? true : null);
        return await passwords.IsPresentAsync(session, account, password, stop)
            ? new(true, Roles.User, address, [], account!.Id, false, version)
            : new(false);
    }

    private static async Task<VerifiedView> StaffAsync(
        IQuerySession session, Passwords passwords, SecondFactorCodes codes, string login, VerifyCredentialsBody body, CancellationToken stop)
    {
        var version = await VersionAsync(session, StaffMember.KeyOf(login), stop);
        var member = await session.LoadAsync<StaffMember>(StaffMember.KeyOf(login), stop);
        if (!await passwords.IsPresentAsync(session, member, body.Password ?? "", stop)) return new(false);
        var domains = member!.Role == Roles.Admin
            ? await session.Query<Domain>().Where(d => d.Administrators.Contains(login)).OrderBy(d => d.Id).ToListAsync(stop)
            : [];
        if (member.HasSecondFactor && await RefusalAsync(codes, member, body, [.. domains.Select(d => d.Id)], stop) is { } refusal) return refusal;
        return new(
            true, member.Role, login, [.. domains.Select(d => d.Id)], null, member.FirstPassword, version,
            SecondFactorOn: member.HasSecondFactor, SecondFactorRequiredBy: [.. domains.Where(d => d.RequiresSecondFactor).Select(d => d.Id)]);
    }

    private static async Task<VerifiedView?> RefusalAsync(SecondFactorCodes codes, StaffMember member, VerifyCredentialsBody body, string[] domains, CancellationToken stop)
    {
        if (string.IsNullOrWhiteSpace(body.SecondFactor)) return new(false, SecondFactor: "required");
        var by = new Caller(member.Role, member.Login, "", domains, body.From ?? "", "panel"); // the session is not there yet
        var used = await codes.UseAsync(member.Login, body.SecondFactor, by, stop);
        return used.Use switch
        {
            CodeUse.Wrong => new(false, SecondFactor: "wrong"),
            CodeUse.TooMany => new(false, SecondFactor: "too-many", SecondFactorWaitSeconds: used.WaitSeconds),
            _ => null,
        };
    }

    private static async Task<long> VersionAsync(IQuerySession session, string stream, CancellationToken stop)
        => (await session.Events.FetchStreamStateAsync(stream, stop))?.Version ?? 0;
}
