using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>A new account as somebody types it.</summary>
/// <param name="Name">The part before the @; ACC-1.</param>
/// <param name="Password">ACC-2.</param>
/// <param name="CapacityMb">In MB; the domain's default when absent.</param>
/// <param name="Comment">Optional, at most 200 characters.</param>
public sealed record CreateMailAccountBody(string? Name, string? Password, long? CapacityMb, string? Comment);

/// <summary>Creates a mail account, with the facts that decide it.</summary>
/// <param name="AccountId">Its id.</param>
/// <param name="Name">As typed.</param>
/// <param name="Password">As typed; null only for postmaster, who has none at first (ACC-4).</param>
/// <param name="CredentialId">Where the hash will be; null without a password.</param>
/// <param name="CapacityMb">Asked for; null for the default.</param>
/// <param name="Comment">As typed.</param>
/// <param name="Domain">The domain's limits.</param>
/// <param name="Usage">What is in use, locked.</param>
/// <param name="Reservation">Who has the address; null when nobody does.</param>
/// <param name="FormerLives">How many accounts had the address before and are gone.</param>
/// <param name="Now">When.</param>
public sealed record CreateMailAccount(
    string AccountId, string Name, string? Password, string? CredentialId, long? CapacityMb, string? Comment,
    Domain Domain, DomainUsage Usage, AddressReservation? Reservation, int FormerLives, DateTimeOffset Now)
{
    /// <summary>The node that will keep its mail; null when no node is known.</summary>
    public string? HomeNode { get; init; }

    /// <summary>The account's address.</summary>
    public string Address => $"{Name.ToLowerInvariant()}@{Domain.Id}";

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(CreateMailAccount command, MailAccount? account)
    {
        if (command.Reservation is { } taken && taken.AccountId != command.AccountId)
            return Decision.Reject(new Rejection(taken.BeingDeleted ? AccountsProblems.BeingDeleted : AccountsProblems.AlreadyExists, "name", ("a", command.Address)));
        if (account is not null) return Decision.Accept(); // the same command was done before

        var capacityMb = command.CapacityMb ?? command.Domain.DefaultCapacityMb;
        List<Rejection> broken =
        [
            .. AccountName.Broken(command.Name),
            .. command.Password is null ? [] : PasswordRules.Broken(command.Password, [command.Name, command.Domain.Id, command.Address]),
            .. Accounts.MailAccounts.Comment.Broken(command.Comment),
            .. command.Usage.Broken(command.Domain, newAccounts: 1, capacityMb),
        ];
        return Decision.Unless(broken, () =>
        [
            new MailAccountCreated(
                command.AccountId, command.Address, command.Domain.Id, command.FormerLives + 1, (int)capacityMb,
                Accounts.MailAccounts.Comment.Stored(command.Comment), command.CredentialId, command.Now, command.HomeNode),
        ]);
    }

    /// <summary><c>POST /api/v1/domains/{name}/accounts</c> → 201.</summary>
    public static async Task<IResult> Handle(
        string name, CreateMailAccountBody body, CommandContext context, Passwords passwords, SecretBox box, NodePlacement placement, HttpContext http, CancellationToken stop)
    {
        if (context.IfMatch is not null) return Problems.Of(PlatformProblems.Stale); // an account that does not exist yet has no version
        var (session, accountId) = (context.Session, Guid.CreateVersion7().ToString("N"));
        if (!InternetNames.TryReadDomain(name, out var domainName)) return Problems.Of(PlatformProblems.NotFound);
        var accountName = (body.Name ?? "").Trim();
        var password = body.Password ?? "";

        // The password is hashed before the domain is locked, and not at all if the command will be refused.
        var passwordIsGood = !PasswordRules.Broken(password, [accountName, domainName, $"{accountName}@{domainName}"]).Any();
        var facts = new PasswordFacts(IsGuessable: passwordIsGood && GuessablePassword.Is(password, accountName, domainName));
        var hash = passwordIsGood ? await passwords.HashAsync(password, stop) : null;

        if (await DomainUsage.LockWithLimitsAsync(session, domainName, stop) is not var (usage, domain)) return Problems.Of(PlatformProblems.NotFound);
        var address = $"{accountName.ToLowerInvariant()}@{domainName}";
        // A text that is not a valid name is not looked up: nobody has it, and the database may refuse its characters.
        var reservation = AccountName.Broken(accountName).Any() ? null : await session.LoadAsync<AddressReservation>(address, stop);
        var former = await session.LoadAsync<FormerLife>(FormerLife.IdOf(box, address), stop);
        var command = new CreateMailAccount(
            accountId, accountName, password, Credential.NewId(), body.CapacityMb, body.Comment, domain, usage, reservation, former?.Life ?? 0, context.Now)
        { HomeNode = await placement.HomeAsync(session, stop) };

        var decision = Decide(command, null);
        return decision.Accepted
            ? new Answer(201, Store(session, command, decision, hash) with { Warnings = Warning.About(decision, facts, http.Request) }, 1, $"/api/v1/accounts/{command.Address}")
            : Problems.Of(decision.Rejections);
    }

    /// <summary>Stores an accepted creation: stream, credential, reservation and usage, in one transaction.</summary>
    public static MailAccountView Store(IDocumentSession session, CreateMailAccount command, Decision decision, string? hash)
    {
        var account = decision.Events.Aggregate((MailAccount?)null, MailAccount.Evolve)!;
        session.Events.StartStream<MailAccount>(account.Id, decision.Events);
        session.Insert(new AddressReservation { Id = account.Address, AccountId = account.Id, Life = account.Life });
        if (hash is not null) Credential.Store(session, account.CredentialId!, account.Id, hash);
        DomainUsage.Add(session, account.Domain, 1, account.CapacityMb);
        return MailAccountView.Of(account, usedBytes: 0, inForce: false, forUser: false);
    }
}
