import { describeTerraform } from './terraform.suite.ts';

describeTerraform(false);
