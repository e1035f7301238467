using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

/// <summary>An administrator for a domain: a new login with its first password, or an existing login without.</summary>
public sealed record AppointAdministratorBody(string? Login, string? Password);

/// <summary>An administrator as the API shows it.</summary>
/// <param name="Login">The login name.</param>
public sealed record AdministratorView(string Login);

/// <summary>Appoints an administrator.</summary>
/// <param name="Login">As typed, in lower case.</param>
/// <param name="Password">As typed; empty for an existing login.</param>
/// <param name="Member">The login when it exists.</param>
/// <param name="Now">When.</param>
public sealed record AppointAdministrator(string Login, string Password, StaffMember? Member, DateTimeOffset Now)
{
    /// <summary>Decides what happens to the domain; pure. A new login's own events follow from <see cref="NewLogin"/>.</summary>
    public static Decision Decide(AppointAdministrator command, Domain domain)
    {
        if (command.Member is { Role: not Roles.Admin }) return Decision.Reject(new Rejection(AccountsProblems.LoginTaken, "login", ("login", command.Login)));
        List<Rejection> broken = command.Member is null
            ? [.. AccountName.Broken(command.Login, "login"), .. PasswordRules.Broken(command.Password, [command.Login, domain.Id])]
            : command.Password.Length > 0 ? [new(AccountsProblems.LoginHasPassword, "password", ("login", command.Login))] : [];
        return Decision.Unless(broken, () =>
            domain.Administrators.Contains(command.Login) ? [] : [new DomainAdministratorAppointed(command.Login, command.Now)]);
    }

    /// <summary>What happens to a login that does not exist yet.</summary>
    public static StaffLoginAdded? NewLogin(AppointAdministrator command, string credentialId)
        => command.Member is null ? new(command.Login, Roles.Admin, credentialId, command.Now) : null;

    /// <summary><c>POST /api/v1/domains/{name}/administrators</c> → 201.</summary>
    public static async Task<IResult> Handle(string name, AppointAdministratorBody body, CommandContext context, Passwords passwords, CancellationToken stop)
    {
        var session = context.Session;
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        var login = (body.Login ?? "").Trim().ToLowerInvariant();
        var stream = await session.Events.FetchForWriting<Domain>(id!, stop);
        if (stream.Aggregate is not { } domain) return Problems.Of(PlatformProblems.NotFound);
        // A text that is not a valid login is not looked up: nobody has it, and the database may refuse its characters.
        var member = AccountName.Broken(login).Any() ? null : await session.LoadAsync<StaffMember>(StaffMember.KeyOf(login), stop);
        var command = new AppointAdministrator(login, body.Password ?? "", member, context.Now);
        var decision = Decide(command, domain);
        if (decision.Accepted && NewLogin(command, Credential.NewId()) is { } added)
        {
            Credential.Store(session, added.CredentialId, StaffMember.KeyOf(login), await passwords.HashAsync(command.Password, stop));
            session.Events.StartStream<StaffMember>(StaffMember.KeyOf(login), added);
        }

        return context.Conclude(stream, decision, (_, version) =>
            new Answer(201, new AdministratorView(login), version, $"/api/v1/domains/{domain.Id}/administrators/{login}"));
    }
}
