using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The accounts service: domains with limits, administrators, mail accounts, files, mail nodes.</summary>
internal sealed class AccountsRoutes : IServiceRoutes
{
    private const string Accounts = "accounts";

    public string Service => Accounts;

    public Shares Shares => Shares.Jobs | Shares.AccountHistory | Shares.DomainDns | Shares.DomainHistory;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("PUT", "/api/v1/me/password", Scope.None, All, Accounts, PeopleOnly) { ProvePassword = All },
        new("GET", "/api/v1/me/second-factor", Scope.None, Staff, Accounts, PeopleOnly) { BeforeEnrolment = true },
        new("POST", "/api/v1/me/second-factor", Scope.None, Staff, Accounts, PeopleOnly) { BeforeEnrolment = true },
        new("DELETE", "/api/v1/me/second-factor", Scope.None, Staff, Accounts, PeopleOnly) { ProvePassword = Staff },
        new("POST", "/api/v1/me/second-factor/recovery-codes", Scope.None, Staff, Accounts, PeopleOnly) { ProvePassword = Staff },
        new("DELETE", "/api/v1/domains/{name}/administrators/{login}/second-factor", Scope.Domain, Operator, Accounts, AdministratorsWrite),

        new("POST", "/api/v1/domains", Scope.None, Operator, Accounts, DomainsWrite),
        new("GET", "/api/v1/domains", Scope.None, Staff, Accounts, DomainsRead),
        new("GET", "/api/v1/domains/{name}", Scope.Domain, Staff, Accounts, DomainsRead),
        new("PATCH", "/api/v1/domains/{name}", Scope.Domain, Operator, Accounts, DomainsWrite),
        new("DELETE", "/api/v1/domains/{name}", Scope.Domain, Operator, Accounts, DomainsWrite),
        new("POST", "/api/v1/domains/{name}/history/{eventId}/undo", Scope.Domain, Operator, Accounts, HistoryWrite),
        new("POST", "/api/v1/domains/{name}/dkim/rotate", Scope.Domain, Operator, Accounts, DomainsWrite),
        new("GET", "/api/v1/domains/{name}/administrators", Scope.Domain, Staff, Accounts, DomainsRead),
        new("POST", "/api/v1/domains/{name}/administrators", Scope.Domain, Operator, Accounts, AdministratorsWrite),
        new("GET", "/api/v1/domains/{name}/administrators/{login}", Scope.Domain, Staff, Accounts, DomainsRead),
        new("GET", "/api/v1/domains/{name}/administrators/{login}/history", Scope.Domain, Staff, Accounts, HistoryRead),
        new("DELETE", "/api/v1/domains/{name}/administrators/{login}", Scope.Domain, Operator, Accounts, AdministratorsWrite),
        new("PUT", "/api/v1/domains/{name}/administrators/{login}/password", Scope.Domain, Operator, Accounts, AdministratorsWrite),

        new("POST", "/api/v1/domains/{name}/accounts", Scope.Domain, Staff, Accounts, AccountsWrite),
        new("GET", "/api/v1/domains/{name}/accounts", Scope.Domain, Staff, Accounts, AccountsRead),
        new("POST", "/api/v1/domains/{name}/imports", Scope.Domain, Staff, Accounts, AccountsWrite) { MaxBodyBytes = BodyLimit.MaxFileBytes },
        new("POST", "/api/v1/domains/{name}/bulk-changes", Scope.Domain, Staff, Accounts, AccountsWrite) { MaxBodyBytes = BodyLimit.MaxFileBytes },
        new("GET", "/api/v1/accounts/{address}", Scope.Account, All, Accounts, AccountsRead) { Share = Shares.AccountSummary },
        new("GET", "/api/v1/accounts/{address}/client-settings", Scope.Account, All, Accounts, AccountsRead),
        new("PATCH", "/api/v1/accounts/{address}", Scope.Account, Staff, Accounts, AccountsWrite),
        new("PUT", "/api/v1/accounts/{address}/password", Scope.Account, All, Accounts, AccountsWrite) { ProvePassword = User },
        new("DELETE", "/api/v1/accounts/{address}", Scope.Account, Staff, Accounts, AccountsWrite),
        new("POST", "/api/v1/domains/{name}/accounts/delete", Scope.Domain, Staff, Accounts, AccountsWrite),
        new("DELETE", "/api/v1/accounts/{address}/mail", Scope.Account, All, Accounts, MailWrite),
        new("POST", "/api/v1/accounts/{address}/force-password-change", Scope.Account, Operator, Accounts, AccountsWrite),

        new("GET", "/api/v1/domains/{name}/accounts.csv", Scope.Domain, Staff, Accounts, AccountsRead),
        new("GET", "/api/v1/samples/mail-accounts-sample.csv", Scope.None, Staff, Accounts, AnyToken),
        new("GET", "/api/v1/samples/mail-password-sample.csv", Scope.None, Staff, Accounts, AnyToken),

        new("GET", "/api/v1/server", Scope.None, All, Accounts, AnyToken),
        new("GET", "/api/v1/nodes", Scope.None, Operator, Accounts, PlatformRead),
        new("POST", "/api/v1/nodes/{id}/retire", Scope.None, Operator, Accounts, PlatformWrite),
    ];
}
