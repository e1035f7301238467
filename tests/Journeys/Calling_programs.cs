using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

public sealed class Calling_programs(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "OPS-2"), Trait("Rule", "SEC-4")]
    public async Task A_program_gets_signed_events_again_after_a_failure_and_after_a_replay()
    {
        await using var program = await WebhookReceiver.StartAsync();
        var domain = await platform.DomainAsync();
        program.AnswerStatus(503);
        var hook = await platform.Operator.SendAsync(HttpMethod.Post, "/api/v1/webhooks", new { url = program.Url, domain, types = new[] { "accounts.mail-account-created", "accounts.mail-account-password-changed" } });
        Assert.True(hook.Status == 201, hook.Text);
        var (id, secret) = (hook.Body!["id"]!.GetValue<string>(), hook.Body["secret"]!.GetValue<string>());

        var account = await platform.AccountAsync(domain);
        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = "Betsu-no-98yz" })).Status);
        // Perhaps postmaster's creation, of which the feed may hear after it has the webhook: then the account's waits behind it.
        await Eventually.Async(() => !program.Got.IsEmpty, TimeSpan.FromSeconds(60));
        program.AnswerStatus(204);
        await Eventually.Async(() => Created().Any() && Changed().Any(), TimeSpan.FromSeconds(90));

        Assert.All(program.Got, d => Assert.True(d.IsSignedWith(secret)));
        Assert.Single(Created().Select(d => d.Id).Distinct());
        var first = program.Got.First().Id;
        Assert.Equal(first, program.Got.ElementAt(1).Id); // the same event, until it was taken
        Assert.DoesNotContain(program.Got, d => System.Text.Encoding.UTF8.GetString(d.Body) is var text && (text.Contains("Betsu-no", StringComparison.Ordinal) || text.Contains("argon2", StringComparison.Ordinal)));
        var deliveries = (await platform.Operator.GetAsync($"/api/v1/webhooks/{id}/deliveries")).Body!["items"]!.AsArray();
        Assert.Contains(deliveries, d => d!["status"]?.GetValue<int>() == 503);
        Assert.Contains(deliveries, d => d!["status"]?.GetValue<int>() == 204);

        var before = Created().Count();
        Assert.InRange((await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/webhooks/{id}/replay?after=0")).Status, 200, 202);
        await Eventually.Async(() => Created().Count() > before, TimeSpan.FromSeconds(60));
        using var user = await platform.SignInAsync(account, "Betsu-no-98yz");
        Assert.Equal(403, (await user.GetAsync("/api/v1/webhooks")).Status);
        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/webhooks/{id}")).Status);

        IEnumerable<Delivered> Created() => OfType("accounts.mail-account-created");
        IEnumerable<Delivered> Changed() => OfType("accounts.mail-account-password-changed");
        IEnumerable<Delivered> OfType(string type)
            => program.Got.Where(d => d.Event["type"]!.GetValue<string>() == type && d.Event["subject"]!.GetValue<string>() == account);
    }
}
