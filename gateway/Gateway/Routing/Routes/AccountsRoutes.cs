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
        new("changeOwnPassword", "PUT", "/api/v1/me/password", Scope.None, All, Accounts, PeopleOnly) { ProvePassword = All },
        new("getSecondFactor", "GET", "/api/v1/me/second-factor", Scope.None, Staff, Accounts, PeopleOnly) { BeforeEnrolment = true },
        new("enrolSecondFactor", "POST", "/api/v1/me/second-factor", Scope.None, Staff, Accounts, PeopleOnly) { BeforeEnrolment = true },
        new("removeSecondFactor", "DELETE", "/api/v1/me/second-factor", Scope.None, Staff, Accounts, PeopleOnly) { ProvePassword = Staff },
        new("renewRecoveryCodes", "POST", "/api/v1/me/second-factor/recovery-codes", Scope.None, Staff, Accounts, PeopleOnly) { ProvePassword = Staff },
        new("resetSecondFactor", "DELETE", "/api/v1/domains/{name}/administrators/{login}/second-factor", Scope.Domain, Operator, Accounts, AdministratorsWrite),

        new("createDomain", "POST", "/api/v1/domains", Scope.None, Operator, Accounts, DomainsWrite),
        new("listDomains", "GET", "/api/v1/domains", Scope.None, Staff, Accounts, DomainsRead),
        new("getDomain", "GET", "/api/v1/domains/{name}", Scope.Domain, Staff, Accounts, DomainsRead),
        new("updateDomain", "PATCH", "/api/v1/domains/{name}", Scope.Domain, Operator, Accounts, DomainsWrite),
        new("deleteDomain", "DELETE", "/api/v1/domains/{name}", Scope.Domain, Operator, Accounts, DomainsWrite),
        new("undoDomainChange", "POST", "/api/v1/domains/{name}/history/{eventId}/undo", Scope.Domain, Operator, Accounts, HistoryWrite),
        new("rotateDkimKey", "POST", "/api/v1/domains/{name}/dkim/rotate", Scope.Domain, Operator, Accounts, DomainsWrite),
        new("listAdministrators", "GET", "/api/v1/domains/{name}/administrators", Scope.Domain, Staff, Accounts, DomainsRead),
        new("appointAdministrator", "POST", "/api/v1/domains/{name}/administrators", Scope.Domain, Operator, Accounts, AdministratorsWrite),
        new("getAdministrator", "GET", "/api/v1/domains/{name}/administrators/{login}", Scope.Domain, Staff, Accounts, DomainsRead),
        new("listAdministratorHistory", "GET", "/api/v1/domains/{name}/administrators/{login}/history", Scope.Domain, Staff, Accounts, HistoryRead),
        new("dismissAdministrator", "DELETE", "/api/v1/domains/{name}/administrators/{login}", Scope.Domain, Operator, Accounts, AdministratorsWrite),
        new("setAdministratorPassword", "PUT", "/api/v1/domains/{name}/administrators/{login}/password", Scope.Domain, Operator, Accounts, AdministratorsWrite),

        new("createAccount", "POST", "/api/v1/domains/{name}/accounts", Scope.Domain, Staff, Accounts, AccountsWrite),
        new("listAccounts", "GET", "/api/v1/domains/{name}/accounts", Scope.Domain, Staff, Accounts, AccountsRead),
        new("importAccounts", "POST", "/api/v1/domains/{name}/imports", Scope.Domain, Staff, Accounts, AccountsWrite) { MaxBodyBytes = BodyLimit.MaxFileBytes },
        new("changeAccounts", "POST", "/api/v1/domains/{name}/bulk-changes", Scope.Domain, Staff, Accounts, AccountsWrite) { MaxBodyBytes = BodyLimit.MaxFileBytes },
        new("getAccount", "GET", "/api/v1/accounts/{address}", Scope.Account, All, Accounts, AccountsRead) { Share = Shares.AccountSummary },
        new("getClientSettings", "GET", "/api/v1/accounts/{address}/client-settings", Scope.Account, All, Accounts, AccountsRead),
        new("updateAccount", "PATCH", "/api/v1/accounts/{address}", Scope.Account, Staff, Accounts, AccountsWrite),
        new("setPassword", "PUT", "/api/v1/accounts/{address}/password", Scope.Account, All, Accounts, AccountsWrite) { ProvePassword = User },
        new("deleteAccount", "DELETE", "/api/v1/accounts/{address}", Scope.Account, Staff, Accounts, AccountsWrite),
        new("deleteAccounts", "POST", "/api/v1/domains/{name}/accounts/delete", Scope.Domain, Staff, Accounts, AccountsWrite),
        new("deleteMail", "DELETE", "/api/v1/accounts/{address}/mail", Scope.Account, All, Accounts, MailWrite),
        new("forcePasswordChange", "POST", "/api/v1/accounts/{address}/force-password-change", Scope.Account, Operator, Accounts, AccountsWrite),

        new("exportAccounts", "GET", "/api/v1/domains/{name}/accounts.csv", Scope.Domain, Staff, Accounts, AccountsRead),
        new("getImportSample", "GET", "/api/v1/samples/mail-accounts-sample.csv", Scope.None, Staff, Accounts, AnyToken),
        new("getChangeSample", "GET", "/api/v1/samples/mail-password-sample.csv", Scope.None, Staff, Accounts, AnyToken),

        new("getServer", "GET", "/api/v1/server", Scope.None, All, Accounts, AnyToken),
        new("listNodes", "GET", "/api/v1/nodes", Scope.None, Operator, Accounts, PlatformRead),
        new("retireNode", "POST", "/api/v1/nodes/{id}/retire", Scope.None, Operator, Accounts, PlatformWrite),
    ];
}
