using System.Diagnostics;
using System.Text;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>What <c>hikyaku verify</c> finds. Each test damages what nobody else looks at.</summary>
public sealed class Verifying(VerifiedService service) : IClassFixture<VerifiedService>
{
    private const string Model = "read model", History = "history";

    [Theory, Trait("Rule", "REL-6")]
    [InlineData("update mail_account_list set capacity_mb = 301 where account_id = @id", Model, "capacity_mb in mail_account_list is 301, and must be 300")]
    [InlineData("update mail_account_list set comment = 'third' where account_id = @id", Model, "comment in mail_account_list is not what it must be")]
    [InlineData("update mail_account_list set credential_id = 'x' where account_id = @id", Model, "credential_id in mail_account_list is not what it must be")]
    [InlineData("update mail_account_list set created_at = created_at + interval '1 year', life = 2 where account_id = @id", Model, "life in mail_account_list is 2, and must be 1")]
    [InlineData("update mail_account_list set password_forcibly_changed = true where account_id = @id", Model, "password_forcibly_changed in mail_account_list is True, and must be False")]
    [InlineData("update mail_account_list set mail_deletion_job = 'j', mail_deletion_at = now() where account_id = @id", Model, "mail_deletion_job in mail_account_list is j, and must be nothing")]
    [InlineData("update mail_account_list set deletion_job = 'j' where account_id = @id", Model, "deletion_job in mail_account_list is j, and must be nothing")]
    [InlineData("update mail_account_list set search = '' where account_id = @id", Model, "searches do not find it by its address and comment")]
    [InlineData("delete from mail_account_list where account_id = @id", Model, "it is not in the list of accounts")]
    [InlineData("update mt_doc_mail_account set data = jsonb_set(data, '{CapacityMb}', '7') where id = @id", Model, "CapacityMb in mt_doc_mail_account is 7, and must be 300")]
    [InlineData("delete from mt_doc_mail_account where id = @id", Model, "it has no snapshot in mt_doc_mail_account")]
    [InlineData("update mt_doc_credential set id = 'x' || id where id = (select max(id) from mt_doc_credential where owner = @id)", Model, "the credential of its present password is missing")]
    [InlineData("update mt_doc_credential set data = jsonb_set(data, '{Hash}', '\"plain\"') where owner = @id", Model, "it has a credential that is no Argon2id hash")]
    [InlineData("delete from mt_events where stream_id = @id and version = 2", History, "its events' versions do not run from 1 without a gap")]
    [InlineData("delete from mt_events where stream_id = @id and version = 4", History, "the stream's version is 4, and must be 3")]
    [InlineData("update mt_events set type = 'accounts.forged.v1' where stream_id = @id and version = 3", History, "event 3 (accounts.forged.v1) cannot be read")]
    [InlineData("update mt_events set data = '[]' where stream_id = @id and version = 3", History, "event 3 (accounts.mail-account-capacity-changed.v1) cannot be read")]
    [InlineData("update mt_events set data = jsonb_set(data, '{CapacityMb}', '9') where stream_id = @id and version = 3", Model, "CapacityMb in mt_doc_mail_account is 300, and must be 9")]
    public async Task A_damage_to_an_account_is_found_and_named(string sql, string where, string what)
    {
        var (_, _, id) = await service.AccountAsync();
        Assert.Empty(await service.FoundAsync(id));
        await service.DamageAsync(sql, ("id", id));
        Assert.Contains($"{where}: {id}: {what}", await service.FoundAsync(id));
    }

    [Fact, Trait("Rule", "REL-6")]
    public async Task An_event_of_something_else_in_a_stream_does_not_fold()
    {
        var (domain, _, id) = await service.AccountAsync();
        await service.DamageAsync(
            """
            insert into mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived)
            select nextval('mt_events_sequence'), gen_random_uuid(), @id, 5, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived from mt_events where stream_id = @domain
            """, ("id", id), ("domain", domain));
        await service.DamageAsync("update mt_streams set version = 5 where id = @id", ("id", id));
        Assert.Contains(await service.FoundAsync(id), f => f.StartsWith($"history: {id}: it does not fold: ", StringComparison.Ordinal));
    }

    [Theory, Trait("Rule", "REL-6")]
    [InlineData("update domain_usage set accounts = 1 where domain = @domain", "accounts in domain_usage is 1, and must be 2")]
    [InlineData("update domain_usage set capacity_mb = capacity_mb + 1 where domain = @domain", "capacity_mb in domain_usage is 401, and must be 400")]
    [InlineData("update domain_usage set capacity_mb = capacity_mb - 5 where domain = @domain", "capacity_mb in domain_usage is 395, and must be 400")]
    [InlineData("delete from domain_usage where domain = @domain", "it is not in domain_usage")]
    [InlineData("update node_mailboxes set accounts = accounts + 1 where domain = @domain", "node_mailboxes counts other mailboxes on a node than the list of accounts has")]
    [InlineData("delete from node_mailboxes where domain = @domain", "node_mailboxes counts other mailboxes on a node than the list of accounts has")]
    [InlineData("delete from mt_doc_domain where id = @domain", "it has no snapshot in mt_doc_domain")]
    [InlineData("update mt_doc_domain set data = jsonb_set(data, '{Administrators}', '[\"eve\"]') where id = @domain", "Administrators in mt_doc_domain is [\"eve\"], and must be []")]
    public async Task A_damage_to_a_domain_is_found_and_named(string sql, string what)
    {
        var (domain, _, _) = await service.AccountAsync();
        Assert.Empty(await service.FoundAsync(domain));
        await service.DamageAsync(sql, ("domain", domain));
        Assert.Contains($"{Model}: {domain}: {what}", await service.FoundAsync(domain));
    }

    [Fact, Trait("Rule", "REL-6")]
    public async Task A_login_that_may_do_more_than_its_history_says_is_found()
    {
        var (domain, login) = ((await service.AccountAsync()).Domain, $"admin{Guid.NewGuid():N}"[..20]);
        await service.Accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = AccountsService.GoodPassword });
        Assert.Empty(await service.FoundAsync($"staff:{login}"));
        await service.DamageAsync("update mt_doc_staff_member set data = jsonb_set(data, '{Role}', '\"operator\"') where id = @id", ("id", $"staff:{login}"));
        Assert.Equal([$"{Model}: staff:{login}: Role in mt_doc_staff_member is \"operator\", and must be \"admin\""], await service.FoundAsync($"staff:{login}"));
    }

    [Theory, Trait("Rule", "REL-6")]
    [InlineData("delete from mt_doc_address_reservation where id = @address", "the address is not reserved for the account that has it")]
    [InlineData("update mt_doc_address_reservation set data = jsonb_set(data, '{Life}', '3') where id = @address", "the address is not reserved for the account that has it")]
    [InlineData("update mt_doc_address_reservation set data = jsonb_set(data, '{AccountId}', '\"other\"') where id = @address", "the address is reserved for an account that does not have it")]
    public async Task An_address_that_two_accounts_could_take_is_found(string sql, string what)
    {
        var (_, address, _) = await service.AccountAsync();
        await service.DamageAsync(sql, ("address", address));
        Assert.Contains($"{Model}: {address}: {what}", await service.FoundAsync(address));
    }

    [Theory, Trait("Rule", "REL-6")]
    [InlineData("insert into mail_account_list (account_id, domain, address, capacity_mb, life, created_at) values (@key, 'x.example', 'a@x.example', 1, 1, now())", "it is in the list of accounts and has no history")]
    [InlineData("insert into mt_doc_mail_account (id, data) values (@key, '{}')", "it has a snapshot in mt_doc_mail_account and no history")]
    [InlineData("insert into mt_doc_credential (id, data, owner) values (@key, '{\"Hash\":\"$argon2id$x\"}', @key)", "it has credentials and no history")]
    [InlineData("insert into mt_doc_second_factor (id, data) values (@key, '{\"Sealed\":\"x\"}')", "its second factor is on without a secret, or off with one")]
    [InlineData("insert into domain_usage values (@key, 0, 0)", "it is in domain_usage and was never added")]
    public async Task A_row_that_no_history_accounts_for_is_found(string sql, string what)
    {
        var key = $"stray{Guid.NewGuid():N}";
        await service.DamageAsync(sql, ("key", key));
        Assert.Contains($"{Model}: {key}: {what}", await service.FoundAsync(key));
    }

    [Theory, Trait("Rule", "REL-6"), Trait("Rule", "GWY-5")]
    [InlineData("delete from job where id = @key", "it is not in the list of jobs")]
    [InlineData("update job set state = 'running' where id = @key", "its kind or state in the list of jobs is not what its history says")]
    [InlineData("update job set finished_at = null where id = @key", "the list of jobs has another end of it than its history")]
    public async Task A_damage_to_a_job_is_found_and_named(string sql, string what)
    {
        using var noFile = new StringContent("x", Encoding.UTF8, "text/csv");
        var begun = await service.Accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{await service.Accounts.DomainAsync()}/imports", noFile);
        await Eventually.Async(() => service.Accounts.GetAsync(begun.Location!), r => r.Body?["finishedAt"] is not null, TimeSpan.FromSeconds(30));
        var job = begun.Body!["id"]!.GetValue<string>();
        Assert.Empty(await service.FoundAsync(job));
        await service.DamageAsync(sql, ("key", job));
        Assert.Contains($"{Model}: {job}: {what}", await service.FoundAsync(job));
    }

    [Fact, Trait("Rule", "REL-6")]
    public async Task The_command_prints_disagreements_with_code_1_and_cannot_look_with_code_2()
    {
        var key = $"stray{Guid.NewGuid():N}";
        await service.DamageAsync("insert into domain_usage values (@key, 0, 0)", ("key", key));
        var (code, output) = await CommandAsync("Accounts", service.Accounts.Database, "verify", "--wait", "0");
        Assert.Equal(1, code);
        Assert.Contains($"{Model}: {key}: it is in domain_usage and was never added", output, StringComparison.Ordinal);
        Assert.Matches(@"accounts: \d+ streams of \d+ events: [1-9][0-9]* disagreements", output);
        Assert.Equal(2, (await CommandAsync("Accounts", "Host=127.0.0.1;Port=1;Timeout=1", "verify", "--wait", "0")).Code);
        Assert.Equal(2, (await CommandAsync("Accounts", service.Accounts.Database, "verify", "--unknown", "0")).Code);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task The_command_for_nodes_and_feed_ends_with_the_same_codes()
    {
        var (_, _, id) = await service.AccountAsync();
        service.DamageReplica("DELETE FROM mailbox WHERE account_id = $1", id);
        var (code, output) = await CommandAsync("Verify", service.Accounts.Database, "--node", $"mail1={Path.GetDirectoryName(service.VmailFolder)}", "--wait", "0");
        Assert.Equal(1, code);
        Assert.Contains($"{VerifiedService.Node}: {id}: it does not have it", output, StringComparison.Ordinal);
        Assert.Equal(2, (await CommandAsync("Verify", "Host=127.0.0.1;Port=1;Timeout=1", "--wait", "0")).Code);
        Assert.Equal(2, (await CommandAsync("Verify", service.Accounts.Database, "--unknown", "0")).Code);
    }

    private static async Task<(int Code, string Output)> CommandAsync(string program, string database, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ConnectionStrings__Postgres"] = database;
        using var command = Process.Start(start)!;
        var errors = command.StandardError.ReadToEndAsync();
        var output = await command.StandardOutput.ReadToEndAsync();
        await command.WaitForExitAsync();
        return (command.ExitCode, output + await errors);
    }

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData("UPDATE mailbox SET capacity_mb = 5 WHERE account_id = $1", "capacity_mb is 5, and must be 300")]
    [InlineData("UPDATE mailbox SET version = 3 WHERE account_id = $1", "version is 3, and must be 4")]
    [InlineData("UPDATE mailbox SET password_hash = '$argon2id$planted' WHERE account_id = $1", "password_hash is not what it must be")]
    [InlineData("UPDATE mailbox SET password_hash = NULL WHERE account_id = $1", "password_hash is not what it must be")]
    [InlineData("UPDATE mailbox SET home_node = 'mail9' WHERE account_id = $1", "home_node is mail9, and must be mail")]
    [InlineData("UPDATE mailbox SET address = 'other@x.example' WHERE account_id = $1", "address is other@x.example, and must be ")]
    [InlineData("UPDATE mailbox SET deleted_at = 1 WHERE account_id = $1", "it does not have it")]
    [InlineData("DELETE FROM mailbox WHERE account_id = $1", "it does not have it")]
    public async Task A_replica_that_differs_is_found_and_no_hash_is_shown(string sql, string what)
    {
        var (_, _, id) = await service.AccountAsync();
        Assert.Empty(await service.FoundAsync(id));
        service.DamageReplica(sql, id);
        var found = Assert.Single(await service.FoundAsync(id));
        Assert.StartsWith($"{VerifiedService.Node}: {id}: {what}", found, StringComparison.Ordinal);
        Assert.DoesNotContain("argon2", found, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_replica_that_has_more_than_it_should_is_found_and_its_mailbox_folders_too()
    {
        var (domain, _, id) = await service.AccountAsync();
        var extra = Guid.NewGuid().ToString("N");
        service.DamageReplica($"INSERT INTO mailbox SELECT '{extra}', address, NULL, domain, life, NULL, 1, 1, 1, NULL, NULL, NULL, NULL, NULL, 0 FROM mailbox WHERE account_id = $1", id);
        service.DamageReplica($"INSERT INTO domain SELECT 'extra.' || domain, 1, 1, 1, NULL, NULL, NULL FROM domain WHERE domain = $1", domain);
        var (nobodys, own) = (Guid.NewGuid().ToString("N"), id);
        foreach (var folder in new[] { nobodys, own }) Directory.CreateDirectory(Path.Combine(service.VmailFolder, folder[^2..], folder, "Maildir"));
        string[] expected =
        [
            $"{VerifiedService.Node}: {extra}: it has the mailbox taro@{domain}, and the accounts service does not",
            $"{VerifiedService.Node}: extra.{domain}: it has the domain, and the accounts service does not",
            $"{VerifiedService.Node}: {nobodys}: there is a mailbox folder that belongs to no account",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), await service.FoundAsync(extra, $"extra.{domain}", nobodys, own));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_node_that_lags_behind_for_longer_than_is_waited_is_told_of()
    {
        var (domain, _, _) = await service.AccountAsync();
        var late = await service.Accounts.AccountAsync(domain, "late");
        var id = (await service.Accounts.TargetAsync(late))!.AccountId;
        Assert.Equal(
            [$"{VerifiedService.Node}: {id}: it does not have it", $"{VerifiedService.Node}: replica: it does not catch up with the accounts service"],
            await service.FoundAsync(id, "replica"));
        await service.ListToNodeAsync();
        Assert.Empty(await service.FoundAsync(id, "replica"));
    }
}
